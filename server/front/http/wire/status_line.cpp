#include "server/front/http/wire/status_line.h"

namespace alice {

const char* reason_phrase(int status) {
  switch (status) {
    case 200: return "OK";
    case 202: return "Accepted";
    case 204: return "No Content";
    case 304: return "Not Modified";
    case 400: return "Bad Request";
    case 403: return "Forbidden";
    case 404: return "Not Found";
    case 405: return "Method Not Allowed";
    case 408: return "Request Timeout";
    case 409: return "Conflict";
    case 410: return "Gone";
    case 413: return "Content Too Large";
    case 414: return "URI Too Long";
    case 415: return "Unsupported Media Type";
    case 417: return "Expectation Failed";
    case 429: return "Too Many Requests";
    case 431: return "Request Header Fields Too Large";
    case 499: return "Client Closed Request";
    case 500: return "Internal Server Error";
    case 501: return "Not Implemented";
    case 503: return "Service Unavailable";
    case 504: return "Gateway Timeout";
    case 505: return "HTTP Version Not Supported";
    default: return "Unknown";
  }
}

std::string reason_of(std::string_view sentence) {
  constexpr size_t kLongest = 120;
  constexpr std::string_view kMore = "...";
  std::string reason;
  for (const char letter : sentence) {
    const auto byte = static_cast<unsigned char>(letter);
    if ((byte & 0xC0) == 0x80) continue;  // of a letter of several bytes the first one stands for all
    if (byte == '\n' || byte == '\r' || byte == '\t')
      reason += ' ';
    else
      reason += byte < 0x20 || byte > 0x7E ? '?' : letter;
  }
  if (reason.size() > kLongest) reason = reason.substr(0, kLongest - kMore.size()).append(kMore);
  const size_t begin = reason.find_first_not_of(' ');
  return begin == reason.npos ? "" : reason.substr(begin, reason.find_last_not_of(' ') + 1 - begin);
}

}  // namespace alice
