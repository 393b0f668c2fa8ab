#include "server/accounts/key_text.h"

#include <sodium.h>

#include <array>

#include "core/base/text.h"

namespace alice {
namespace {

constexpr std::string_view kBeginning = "alice_";
constexpr size_t kIdBytes = 5, kIdLetters = 8, kSecretBytes = 32, kSecretLetters = 43, kCheckLetters = 4;
constexpr size_t kSecretAt = kBeginning.size() + kIdLetters + 1, kCheckAt = kSecretAt + kSecretLetters + 1;
constexpr size_t kAll = kCheckAt + kCheckLetters;

/// As many letters of RFC 4648's base32, in small ones, as whole groups of five bits are in `bytes`, `most` at most.
std::string base32(const unsigned char* bytes, size_t count, size_t most) {
  constexpr std::string_view kLetters = "abcdefghijklmnopqrstuvwxyz234567";
  std::string text;
  unsigned held = 0, bits = 0;
  for (size_t i = 0; i < count && text.size() < most; ++i) {
    held = held << 8 | bytes[i];
    for (bits += 8; bits >= 5 && text.size() < most; bits -= 5) text += kLetters[held >> (bits - 5) & 31];
  }
  return text;
}

/// Of what stands before it.
std::string check_of(std::string_view text) {
  std::array<unsigned char, crypto_generichash_BYTES> hash;
  crypto_generichash(hash.data(), hash.size(), reinterpret_cast<const unsigned char*>(text.data()), text.size(),
                     nullptr, 0);
  return base32(hash.data(), hash.size(), kCheckLetters);
}

}  // namespace

KeyText new_key_text() {
  std::array<unsigned char, kIdBytes> id;
  std::array<unsigned char, kSecretBytes> secret;
  randombytes_buf(id.data(), id.size());
  randombytes_buf(secret.data(), secret.size());
  std::string text(kSecretLetters + 1, '\0');
  sodium_bin2base64(text.data(), text.size(), secret.data(), secret.size(), sodium_base64_VARIANT_URLSAFE_NO_PADDING);
  text.pop_back();
  return {base32(id.data(), id.size(), kIdLetters), text};
}

std::string write_key_text(const KeyText& key) {
  const std::string text = std::string(kBeginning) + key.id + "_" + key.secret;
  return text + "_" + check_of(text);
}

KeyForm read_key_text(std::string_view text, KeyText& key) {
  if (!starts_with(text, kBeginning)) return KeyForm::other;
  if (text.size() != kAll || text[kSecretAt - 1] != '_' || text[kCheckAt - 1] != '_' ||
      text.substr(kCheckAt) != check_of(text.substr(0, kCheckAt - 1)))
    return KeyForm::mistyped;
  key.id = text.substr(kBeginning.size(), kIdLetters);
  key.secret = text.substr(kSecretAt, kSecretLetters);
  return KeyForm::whole;
}

}  // namespace alice
