#include "server/front/http/multipart.h"

#include <algorithm>

#include "core/base/text.h"
#include "server/front/http/api_error.h"
#include "server/front/http/headers.h"

namespace alice {
namespace {

constexpr std::string_view kType = "multipart/form-data";
constexpr size_t kLongestBoundary = 70;  // RFC 2046, 5.1.1
constexpr size_t kLongestHead = 8u << 10;

[[noreturn]] void refuse(const std::string& sentence) {
  throw ApiError(400, to_string(ErrorCode::bad_request), "the body " + sentence);
}

/// Takes a value off `rest`, up to the next ';': a word, or one in quotes, within which a backslash hides a quote.
std::string take_value(std::string_view& rest) {
  std::string value;
  if (rest.empty() || rest.front() != '"') {
    value = trimmed(rest.substr(0, rest.find(';')));
  } else {
    rest.remove_prefix(1);
    while (!rest.empty() && rest.front() != '"') {
      if (rest.size() > 1 && rest.front() == '\\' && (rest[1] == '"' || rest[1] == '\\')) rest.remove_prefix(1);
      value += rest.front();
      rest.remove_prefix(1);
    }
  }
  rest.remove_prefix(std::min(rest.find(';'), rest.size()));
  return value;
}

/// The value of `name` in "form-data; name=\"image\"; filename=x.png"; "" when it is not there.
std::string parameter(std::string_view header, std::string_view name) {
  for (size_t next = header.find(';'); next != header.npos; next = header.find(';')) {
    header = trimmed(header.substr(next + 1));
    const size_t equals = header.find('=');
    if (equals == header.npos || equals > header.find(';')) continue;
    const std::string key = lower_case(trimmed(header.substr(0, equals)));
    header = trimmed(header.substr(equals + 1));
    std::string value = take_value(header);
    if (key == name) return value;
  }
  return "";
}

/// Of a part's header lines.
std::string_view disposition_of(std::string_view head) {
  constexpr std::string_view kName = "content-disposition:";
  while (!head.empty()) {
    const std::string_view line = head.substr(0, head.find("\r\n"));
    head.remove_prefix(std::min(head.size(), line.size() + 2));
    if (lower_case(line.substr(0, kName.size())) == kName) return trimmed(line.substr(kName.size()));
  }
  return "";
}

FormPart read_part(std::string_view part) {
  const size_t end = part.find("\r\n\r\n");
  if (end == part.npos || end > kLongestHead) refuse("has a part without a head that ends");
  const std::string_view disposition = disposition_of(part.substr(0, end));
  FormPart read = {parameter(disposition, "name"), parameter(disposition, "filename"), part.substr(end + 4)};
  if (read.name.empty()) refuse("has a part without a name: Content-Disposition: form-data; name=\"...\"");
  return read;
}

}  // namespace

bool is_multipart(std::string_view content_type) {
  return lower_case(trimmed(content_type.substr(0, content_type.find(';')))) == kType;
}

std::vector<FormPart> read_multipart(std::string_view body, std::string_view content_type) {
  const std::string boundary = parameter(content_type, "boundary");
  if (boundary.empty() || boundary.size() > kLongestBoundary)
    refuse("cannot be taken apart: the header Content-Type names no boundary of 1 to 70 characters");
  const std::string first = "--" + boundary, next = "\r\n" + first;
  size_t at = starts_with(body, first) ? first.size() : body.find(next);
  if (at == body.npos) refuse("has no part: it must begin with " + first);
  if (!starts_with(body, first)) at += next.size();
  std::vector<FormPart> parts;
  while (!starts_with(body.substr(at), "--")) {  // which ends the last one
    while (at < body.size() && (body[at] == ' ' || body[at] == '\t')) ++at;
    if (!starts_with(body.substr(at), "\r\n")) refuse("is not whole: a part does not begin on a line of its own");
    const size_t begin = at + 2, end = body.find(next, begin);
    if (end == body.npos) refuse("is not whole: it must end with " + first + "--");
    if (parts.size() == kMostFormParts) refuse("has more than " + std::to_string(kMostFormParts) + " parts");
    parts.push_back(read_part(body.substr(begin, end - begin)));
    at = end + next.size();
  }
  return parts;
}

}  // namespace alice
