#pragma once
// A vocabulary of CLIP's kind: which letters and joins have which number.

#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "plugins/models/clip/byte_pairs.h"

namespace alice::clip {

/// What files say of a vocabulary, before it is checked and built.
struct VocabularyText {
  std::string place;                             ///< for messages
  std::unordered_map<std::string, int64_t> ids;  ///< token -> number
  std::vector<std::pair<std::string, std::string>> merges;
  std::vector<std::string> marks;  ///< tokens that are never split, besides start, end and pad
  std::string start = "<|startoftext|>", end = "<|endoftext|>";
  std::string pad;  ///< "": the end mark
};

/// Immutable; any thread.
struct Vocabulary {
  BytePairs pairs;
  int64_t start, end, pad;
  /// Text that stands for one token wherever it is written: normalised, longest first.
  std::vector<std::pair<std::u32string, int64_t>> marks;
  std::unordered_map<int64_t, std::string> tokens;  ///< number -> token, for showing
};

/// Throws Error(bad_weights) at the text's place: a merge of or into what is no entry, a number that is not from 0 to
/// `size` - 1 (the rows of the embedding), no start, end or pad.
Vocabulary build_vocabulary(const VocabularyText& text, int64_t size);

/// Reads the lines of a merges.txt: "left right", best pair first; a line "#version..." is a comment. Throws
/// Error(bad_weights) at `place` for another line.
std::vector<std::pair<std::string, std::string>> read_merges(std::string_view lines, const std::string& place);

/// The numbers that follow from merges alone, as in every published CLIP: the 256 letters, the same as ends of words,
/// the merges in their order, start and end.
std::unordered_map<std::string, int64_t> ids_of_merges(const VocabularyText& text);

}  // namespace alice::clip
