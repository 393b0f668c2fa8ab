#include "core/base/foreign_file.h"

#include <algorithm>
#include <cctype>

namespace alice {
namespace {

/// How the files of some formats begin: Git LFS specification v1; HTML, "Parsing"; PKWARE APPNOTE 4.3.7; Python's
/// pickle, PROTO and its protocols; GGUF; HDF5; RFC 1952.
struct Beginning {
  std::string_view bytes;
  const char* sentence;
};
constexpr const char* kPickle = "is a pickle as PyTorch writes it, whatever its name says";
constexpr const char* kPage =
    "is a web page, not the file itself: the address that it came from asked for a login, or was that of a page; "
    "download it again";
constexpr Beginning kBeginnings[] = {
    {"version https://git-lfs.github.com/spec/",
     "is a Git LFS pointer, not the file itself: run `git lfs pull` where it was cloned, or download the file"},
    {"version https://hawser.github.com/spec/",
     "is a Git LFS pointer, not the file itself: run `git lfs pull` where it was cloned, or download the file"},
    {"PK\x03\x04", kPickle},
    {"GGUF", "is a GGUF file, whatever its name says"},
    {"\x89HDF\r\n", "is an HDF5 file (TensorFlow's or Keras'), which is not supported: take the model as safetensors"},
    {"\x1f\x8b", "is compressed (gzip): unpack it first"},
};

/// The first letters behind blanks and a byte order mark, in small ones.
std::string small_letters(std::string_view head) {
  if (head.substr(0, 3) == "\xEF\xBB\xBF") head.remove_prefix(3);
  const size_t begin = head.find_first_not_of(" \t\r\n");
  std::string text(begin == head.npos ? "" : head.substr(begin, 16));
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return std::tolower(c); });
  return text;
}

bool is_page(std::string_view head) {
  const std::string text = small_letters(head);
  for (const char* begin : {"<!doctype html", "<html", "<head", "<?xml", "<!--"})
    if (text.rfind(begin, 0) == 0) return true;
  return false;
}

}  // namespace

bool begins_as_pickle(std::string_view head) {
  return head.size() >= 8 && head[0] == '\x80' && head[1] >= 2 && head[1] <= 5 &&
         head.substr(4, 4) != std::string_view("\0\0\0\0", 4);
}

std::string called_what_it_is(std::string_view head, uint64_t file_size) {
  if (file_size == 0) return "is empty: its download did not begin, or the disk was full";
  for (const Beginning& known : kBeginnings)
    if (head.substr(0, known.bytes.size()) == known.bytes) return known.sentence;
  if (begins_as_pickle(head)) return kPickle;
  if (is_page(head)) return kPage;
  constexpr size_t kEnough = 64;
  if (head.size() >= kEnough &&
      std::all_of(head.begin(), head.begin() + kEnough, [](char c) { return c == '\0'; }))
    return "begins with zeros: its download was broken off, or the disk was full; download it again";
  return "";
}

}  // namespace alice
