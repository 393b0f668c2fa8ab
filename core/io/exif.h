#pragma once
// EXIF (CIPA DC-008): a TIFF folder of tags within a picture's file. Every offset in it is a stranger's.

#include <string>
#include <string_view>

namespace alice {

/// How a picture is to be turned, 1 to 8 (tag 0x0112); 1, upright, where `exif` does not say or cannot be read. It
/// begins with the TIFF header, or with "Exif\0\0" before that.
int exif_orientation(std::string_view exif);

/// What ALICE writes into pictures that have no chunks of text. Both are UTF-8.
struct ExifWords {
  std::string comment;  ///< for people and programs: the tag UserComment
  std::string note;     ///< of ALICE to itself: the tag MakerNote; "": none

  bool empty() const { return comment.empty() && note.empty(); }
};
/// The bytes of a TIFF folder with these words, as A1111 writes and reads a comment: "UNICODE", UTF-16, the greater
/// byte first.
std::string write_exif(const ExifWords& words);
/// What of it is there; a comment also in ASCII, or with the lesser byte first. A note of another maker is none.
ExifWords read_exif_words(std::string_view exif);

}  // namespace alice
