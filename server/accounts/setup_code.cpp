#include "server/accounts/setup_code.h"

#include <sodium.h>

#include "server/accounts/key_text.h"

namespace alice {
namespace {

SecretHash hash_of(const std::string& text) {
  SecretHash hash;
  crypto_generichash(hash.data(), hash.size(), reinterpret_cast<const unsigned char*>(text.data()), text.size(),
                     nullptr, 0);
  return hash;
}

}  // namespace

std::string SetupCode::make() {
  const std::string code = new_key_text().secret;
  const std::lock_guard lock(mutex_);
  hash_ = hash_of(code);
  ends_s_ = now_s_() + kCountsS;
  tries_ = kMostTries;
  return code;
}

bool SetupCode::take(const std::string& shown) {
  const std::lock_guard lock(mutex_);
  const SecretHash hash = hash_of(shown);
  const bool is_right = sodium_memcmp(hash.data(), hash_.data(), hash.size()) == 0;
  if (tries_ <= 0 || now_s_() >= ends_s_) return false;
  tries_ = is_right ? 0 : tries_ - 1;
  return is_right;
}

}  // namespace alice
