#include "core/io/pickle_bytes.h"

#include "core/base/error.h"

namespace alice {
namespace {

constexpr size_t kLongest = size_t{64} << 20;

}  // namespace

PickleBytes::PickleBytes(std::string_view bytes, const std::string& place)
    : bytes_(bytes.substr(0, kLongest)), is_cut_(bytes.size() > kLongest), place_(place) {}

std::string PickleBytes::where() const { return " (byte " + std::to_string(opcode_at_) + " of the pickle)"; }

void PickleBytes::fail(const std::string& sentence) const {
  throw Error(ErrorCode::bad_weights, place_, "its pickle " + sentence + where());
}

void PickleBytes::refuse(const std::string& what) const {
  throw Error(ErrorCode::unsupported, place_,
              "its pickle asks for " + what + where() +
                  ", which no file of tensors needs: nothing of it was run, and the file is not used");
}

void PickleBytes::fail_cut() const {
  if (is_cut_) fail("is longer than " + std::to_string(kLongest) + " bytes");
  fail("ends in the middle: the file is cut off");
}

unsigned char PickleBytes::opcode() {
  opcode_at_ = at_;
  return static_cast<unsigned char>(take(1)[0]);
}

std::string_view PickleBytes::take(size_t count) {
  if (count > bytes_.size() - at_) fail_cut();
  const std::string_view taken = bytes_.substr(at_, count);
  at_ += count;
  return taken;
}

uint64_t PickleBytes::number(size_t bytes) {
  const std::string_view taken = take(bytes);
  uint64_t value = 0;
  for (size_t i = bytes; i-- > 0;) value = value << 8 | static_cast<unsigned char>(taken[i]);
  return value;
}

std::string_view PickleBytes::counted(size_t bytes_of_count) {
  const uint64_t count = number(bytes_of_count);
  if (count > kLongest) fail("says that " + std::to_string(count) + " bytes follow: no checkpoint has such a value");
  return take(static_cast<size_t>(count));
}

std::string_view PickleBytes::line() {
  const size_t end = bytes_.find('\n', at_);
  if (end == bytes_.npos) fail_cut();
  const std::string_view text = take(end - at_);
  take(1);
  return text;
}

int64_t PickleBytes::decimal(std::string_view text) const {
  constexpr size_t kMostDigits = 18;
  const bool is_negative = !text.empty() && text[0] == '-';
  if (is_negative) text.remove_prefix(1);
  if (text.empty() || text.size() > kMostDigits) fail("has a number that is none, or too long");
  int64_t value = 0;
  for (const char digit : text) {
    if (digit < '0' || digit > '9') fail("has a number that is none");
    value = value * 10 + (digit - '0');
  }
  return is_negative ? -value : value;
}

std::string_view PickleBytes::text_line(bool is_quoted) {
  std::string_view text = line();
  if (text.find('\\') != text.npos) refuse("a text with escapes, as protocol 0 has it,");
  if (!is_quoted) return text;
  if (text.size() < 2 || text.front() != text.back()) fail("has a text without its quotes");
  return text.substr(1, text.size() - 2);
}

void PickleBytes::check_frame() {
  if (number(8) > bytes_.size() - at_) fail_cut();
}

}  // namespace alice
