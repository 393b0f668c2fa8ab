#include "server/link/message_members.h"

#include <sodium.h>

namespace alice {
namespace {

constexpr int kBase64 = sodium_base64_VARIANT_ORIGINAL;

}  // namespace

std::string to_link_base64(const std::string& bytes) {
  std::string text(sodium_base64_ENCODED_LEN(bytes.size(), kBase64), '\0');  // counts the closing 0
  sodium_bin2base64(text.data(), text.size(), reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(),
                    kBase64);
  text.pop_back();
  return text;
}

bool from_link_base64(const std::string& text, std::string& bytes) {
  bytes.resize(text.size() / 4 * 3);
  size_t count = 0;
  if (sodium_base642bin(reinterpret_cast<unsigned char*>(bytes.data()), bytes.size(), text.data(), text.size(), nullptr,
                        &count, nullptr, kBase64) != 0)
    return false;
  bytes.resize(count);
  return true;
}

}  // namespace alice
