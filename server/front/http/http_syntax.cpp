#include "server/front/http/http_syntax.h"

#include <algorithm>
#include <charconv>

#include "server/front/http/api_error.h"
#include "server/front/http/headers.h"

namespace alice {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// "HTTP/1.1" -> 1. Throws ApiError.
int read_version(std::string_view text) {
  constexpr std::string_view kName = "HTTP/";
  constexpr size_t kMajor = kName.size(), kDot = kMajor + 1, kMinor = kMajor + 2;
  const bool is_version = text.size() == kMinor + 1 && text.substr(0, kName.size()) == kName && is_digit(text[kMajor]) &&
                          text[kDot] == '.' && is_digit(text[kMinor]);
  if (!is_version) throw malformed("the request's first line must be METHOD TARGET HTTP/1.1");
  if (text[kMajor] == '1' && text[kMinor] <= '1') return text[kMinor] - '0';
  throw refused(505, "unsupported", "only HTTP/1.1 and HTTP/1.0 are spoken here");
}

}  // namespace

bool is_token_character(char c) {
  return is_digit(c) || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
         std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
}

bool is_token(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), is_token_character);
}

bool is_control(unsigned char c) { return c < 0x20 || c == 0x7F; }

bool is_field_value(std::string_view text) {
  return std::none_of(text.begin(), text.end(), [](unsigned char c) { return is_control(c) && c != '\t'; });
}

RequestLine read_request_line(std::string_view line) {
  constexpr size_t kLongestMethod = 32;
  const size_t first = line.find(' '), last = line.rfind(' ');
  if (first == line.npos || first == last) throw malformed("the request's first line must be METHOD TARGET HTTP/1.1");
  RequestLine read;
  read.method = line.substr(0, first);
  read.target = line.substr(first + 1, last - first - 1);
  if (!is_token(read.method) || read.method.size() > kLongestMethod) throw malformed("the method is none");
  const auto is_blank = [](unsigned char c) { return c == ' ' || is_control(c); };
  if (read.target.empty() || std::any_of(read.target.begin(), read.target.end(), is_blank))
    throw malformed("the URL is empty, or has a blank or a control character, which would have to be escaped (%20)");
  read.minor_version = read_version(line.substr(last + 1));
  return read;
}

std::pair<std::string, std::string> read_field_line(std::string_view line) {
  if (!line.empty() && (line.front() == ' ' || line.front() == '\t'))
    throw malformed("a header begins with a blank: continued lines are not read");
  const size_t colon = line.find(':');
  if (colon == line.npos) throw malformed("a header has no colon");
  const std::string_view name = line.substr(0, colon);
  if (!is_token(name)) throw malformed("a header's name is empty, or has a character that none may have");
  const std::string_view value = trimmed(line.substr(colon + 1));
  if (!is_field_value(value)) throw malformed("the header '" + std::string(name) + "' has a control character");
  return {std::string(name), std::string(value)};
}

std::optional<uint64_t> read_chunk_line(std::string_view line) {
  constexpr size_t kMostDigits = 16;
  constexpr int kHexadecimal = 16;
  const std::string_view digits = line.substr(0, line.find(';'));
  if (digits.size() > kMostDigits || !is_field_value(line)) return std::nullopt;
  uint64_t size = 0;
  const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), size, kHexadecimal);
  if (read.ec != std::errc() || read.ptr != digits.data() + digits.size()) return std::nullopt;
  return size;
}

}  // namespace alice
