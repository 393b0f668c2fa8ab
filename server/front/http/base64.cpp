#include "server/front/http/base64.h"

#include <sodium.h>

namespace alice {

std::string to_base64(std::string_view bytes) {
  std::string text(sodium_base64_ENCODED_LEN(bytes.size(), sodium_base64_VARIANT_ORIGINAL), '\0');
  sodium_bin2base64(text.data(), text.size(), reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(),
                    sodium_base64_VARIANT_ORIGINAL);
  text.pop_back();  // the zero byte
  return text;
}

std::optional<std::string> from_base64(std::string_view text) {
  constexpr const char* kPassedOver = " \t\r\n";
  std::string bytes(text.size() / 4 * 3 + 3, '\0');
  const size_t last = text.find_last_not_of(kPassedOver);
  const bool is_padded = last != text.npos && text[last] == '=';
  const int variant = is_padded ? sodium_base64_VARIANT_ORIGINAL : sodium_base64_VARIANT_ORIGINAL_NO_PADDING;
  size_t size = 0;
  const char* end = nullptr;
  if (sodium_base642bin(reinterpret_cast<unsigned char*>(bytes.data()), bytes.size(), text.data(), text.size(),
                        kPassedOver, &size, &end, variant) != 0 ||
      end != text.data() + text.size())
    return std::nullopt;
  bytes.resize(size);
  return bytes;
}

}  // namespace alice
