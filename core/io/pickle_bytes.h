#pragma once
// The bytes of a pickle, opcode by opcode, and what is said of one that cannot be used.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace alice {

/// One thread. `bytes` and `place` must outlive it. Only the first 64 MiB are read: a model of 3,000 tensors has half a
/// megabyte. Whatever reads throws Error(bad_weights) at `place` when the bytes end, or are not what they should be.
class PickleBytes {
 public:
  PickleBytes(std::string_view bytes, const std::string& place);

  /// Remembers where it stands, for messages.
  unsigned char opcode();
  std::string_view take(size_t count);
  uint64_t number(size_t bytes);                    ///< little-endian, at most eight
  std::string_view counted(size_t bytes_of_count);  ///< a length of so many bytes, and as many bytes as it says
  std::string_view line();                          ///< up to a line feed, which is passed
  int64_t decimal(std::string_view text) const;     ///< of at most 18 digits
  std::string_view text_line(bool is_quoted);       ///< line(), without quotes; escapes are refused
  void check_frame();                               ///< a length, which must be there
  size_t at() const { return at_; }

  [[noreturn]] void fail(const std::string& sentence) const;  ///< bad_weights: "its pickle " + sentence
  [[noreturn]] void refuse(const std::string& what) const;    ///< unsupported: "its pickle asks for " + what

 private:
  std::string where() const;
  [[noreturn]] void fail_cut() const;

  std::string_view bytes_;
  bool is_cut_;
  const std::string& place_;
  size_t at_ = 0, opcode_at_ = 0;
};

}  // namespace alice
