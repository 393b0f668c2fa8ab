#include "server/front/http/wire/framing.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "server/front/http/api_error.h"

namespace alice {
namespace {

/// Whoever reads the first of two and whoever reads the last would see two requests.
constexpr std::array<std::string_view, 8> kSingle = {"Content-Length", "Transfer-Encoding", "Host",   "Content-Type",
                                                     "Origin",         "Authorization",     "Expect", "Content-Encoding"};

void check_single_fields(const Headers& headers) {
  for (const std::string_view name : kSingle)
    if (count_headers(headers, name) > 1) throw malformed(std::string(name) + " stands more than once");
}

uint64_t read_length(const std::string& text) {
  constexpr size_t kMostDigits = 18;  // below 2^63
  uint64_t length = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), length);
  if (text.empty() || text.size() > kMostDigits || read.ec != std::errc() || read.ptr != text.data() + text.size())
    throw malformed("Content-Length is no number of bytes");
  return length;
}

void read_body_framing(const Headers& headers, int minor_version, Framing& framing) {
  const std::string* length = find_header(headers, "Content-Length");
  const std::string* coding = find_header(headers, "Transfer-Encoding");
  if (length != nullptr && coding != nullptr) throw malformed("has both Content-Length and Transfer-Encoding");
  if (length != nullptr) framing.length = read_length(*length);
  if (coding == nullptr) return;
  if (!same_ignoring_case(*coding, "chunked")) throw malformed("the only Transfer-Encoding that is read is chunked");
  if (minor_version == 0) throw malformed("HTTP/1.0 has no Transfer-Encoding");
  framing.is_chunked = true;
}

bool has_token(const Headers& headers, std::string_view name, std::string_view token) {
  return std::any_of(headers.begin(), headers.end(), [&](const auto& field) {
    if (!same_ignoring_case(field.first, name)) return false;
    const auto tokens = split_list(field.second);
    return std::any_of(tokens.begin(), tokens.end(), [&](auto one) { return same_ignoring_case(one, token); });
  });
}

}  // namespace

Framing read_framing(const Headers& headers, int minor_version) {
  check_single_fields(headers);
  Framing framing;
  read_body_framing(headers, minor_version, framing);
  framing.keep_alive =
      minor_version == 0 ? has_token(headers, "Connection", "keep-alive") : !has_token(headers, "Connection", "close");
  if (const std::string* expected = find_header(headers, "Expect"); expected != nullptr && minor_version > 0) {
    if (!same_ignoring_case(*expected, "100-continue"))
      throw refused(417, "expectation_failed", "the only expectation that can be met is 100-continue");
    framing.expects_continue = framing.is_chunked || framing.length > 0;
  }
  return framing;
}

bool may_be_trailer(const std::string& name) {
  if (same_ignoring_case(name, "Connection") || same_ignoring_case(name, "Trailer")) return false;
  return std::none_of(kSingle.begin(), kSingle.end(), [&](auto one) { return same_ignoring_case(name, one); });
}

}  // namespace alice
