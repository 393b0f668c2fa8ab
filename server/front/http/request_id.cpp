#include "server/front/http/request_id.h"

#include <sodium.h>

#include <algorithm>
#include <array>

namespace alice {

bool is_request_id(std::string_view text) {
  const auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' ||
           c == '-';
  };
  return !text.empty() && text.size() <= 128 && std::all_of(text.begin(), text.end(), allowed);
}

std::string make_request_id() {
  std::array<unsigned char, 16> bytes;
  randombytes_buf(bytes.data(), bytes.size());
  std::string id(bytes.size() * 2 + 1, '\0');
  sodium_bin2hex(id.data(), id.size(), bytes.data(), bytes.size());
  id.pop_back();
  return id;
}

}  // namespace alice
