#include "server/front/http/authority.h"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>

#include "server/front/http/headers.h"

namespace alice {
namespace {

constexpr size_t kLongestName = 255;

bool is_address(int family, const std::string& text) {
  in6_addr buffer;
  return inet_pton(family, text.c_str(), &buffer) == 1;
}

bool is_letter_or_digit(char c) {
  return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

/// "" or ":" and a number.
bool is_port(std::string_view text) {
  if (text.empty()) return true;
  constexpr int kLargest = 65535;
  const std::string_view digits = text.substr(1);
  int port = 0;
  const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), port);
  const bool is_number = read.ec == std::errc() && read.ptr == digits.data() + digits.size();
  return text.front() == ':' && (digits.empty() || (is_number && port >= 0 && port <= kLargest));
}

/// reg-name, without escapes: no server is called by a name that needs them.
bool is_name(std::string_view text) {
  const auto may_stand = [](char c) {
    return is_letter_or_digit(c) || std::string_view("-._~!$&'()*+,;=").find(c) != std::string_view::npos;
  };
  return !text.empty() && text.size() <= kLongestName && std::all_of(text.begin(), text.end(), may_stand);
}

std::optional<Authority> read_bracketed(std::string_view text) {
  const size_t end = text.find(']');
  if (end == text.npos || !is_port(text.substr(end + 1))) return std::nullopt;
  std::string name = lower_case(text.substr(1, end - 1));
  if (!is_address(AF_INET6, name)) return std::nullopt;
  return Authority{std::move(name), true};
}

}  // namespace

std::optional<Authority> read_authority(std::string_view text) {
  if (!text.empty() && text.front() == '[') return read_bracketed(text);
  const size_t colon = std::min(text.find(':'), text.size());
  std::string name = lower_case(text.substr(0, colon));
  if (name.size() > 1 && name.back() == '.') name.pop_back();
  if (!is_name(name) || !is_port(text.substr(colon))) return std::nullopt;
  const bool is_ip = is_address(AF_INET, name);
  return Authority{std::move(name), is_ip};
}

}  // namespace alice
