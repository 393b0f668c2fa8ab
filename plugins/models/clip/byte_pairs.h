#pragma once
// Byte-pair encoding (Sennrich et al. 2016) over bytes, as GPT-2 and CLIP do it.

#include <array>
#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

namespace alice::clip {

/// Every byte stands in a vocabulary as a printable letter: itself where it is printable in Latin-1, else U+0100 and up
/// in the order of the bytes. `utf8[byte]` is that letter.
struct ByteLetters {
  std::array<std::string, 256> utf8;
  std::array<uint8_t, 256> in_order;  ///< the bytes in the order of CLIP's vocabulary: printable ones first
};
const ByteLetters& byte_letters();

/// The end of a word, part of its last letter's name: "cat</w>".
inline constexpr const char* kWordEnd = "</w>";

/// Joins the letters of words into tokens. Immutable once filled; any thread.
class BytePairs {
 public:
  static constexpr int64_t kUnknown = -1;

  /// Letters are looked up in `ids`; one that is not there encodes as kUnknown.
  explicit BytePairs(const std::unordered_map<std::string, int64_t>& ids);

  /// The pair becomes `result`; pairs that are added first are joined first. A pair that stands twice keeps its first
  /// place.
  void add(int64_t left, int64_t right, int64_t result);

  /// `word`: any bytes, at least one. n log n in its length. Appends to `out`.
  void encode(const std::string& word, std::vector<int64_t>& out) const;

 private:
  struct Join {
    size_t rank;
    int64_t result;
  };
  const Join* find(int64_t left, int64_t right) const;

  std::array<int64_t, 256> letters_, last_letters_;
  std::unordered_map<uint64_t, Join> joins_;
};

}  // namespace alice::clip
