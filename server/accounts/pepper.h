#pragma once
// What the server alone knows: without it, nothing that is kept of keys tells whether a guess is right.

#include <filesystem>
#include <string>
#include <string_view>

#include "server/accounts/account.h"

namespace alice {

class Pepper {
 public:
  /// Of <data>/secrets/pepper. `may_make`: one that is not there is drawn, and written for its owner alone. Throws
  /// Error(bad_config) when it is not there, cannot be read, or is no pepper; storage_error() when it cannot be
  /// written.
  Pepper(const std::filesystem::path& data, bool may_make);

  /// BLAKE2b-256 of a key's secret, keyed: 256 random bits need no slow hash.
  SecretHash hash(std::string_view secret) const;
  /// A secret of the server's own for `purpose`: another purpose, another secret, and none tells of another.
  SecretHash derived(std::string_view purpose) const;

 private:
  std::string bytes_;
};

}  // namespace alice
