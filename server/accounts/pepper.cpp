#include "server/accounts/pepper.h"

#include <sodium.h>

#include "core/base/atomic_file.h"
#include "core/base/kept_folder.h"
#include "core/base/regular_file.h"

namespace alice {
namespace {

namespace fs = std::filesystem;

constexpr size_t kBytes = 32;

SecretHash keyed(const std::string& key, std::string_view text) {
  SecretHash hash;
  crypto_generichash(hash.data(), hash.size(), reinterpret_cast<const unsigned char*>(text.data()), text.size(),
                     reinterpret_cast<const unsigned char*>(key.data()), key.size());
  return hash;
}

void make(const fs::path& file) {
  const KeptFolder folder(file.parent_path(), "the folder of secrets");
  std::string bytes(kBytes, '\0');
  randombytes_buf(bytes.data(), bytes.size());
  AtomicFile out(file);
  out.write(bytes);
  out.commit();
  sodium_memzero(bytes.data(), bytes.size());
  fs::permissions(file, fs::perms::owner_read | fs::perms::owner_write);  // the folder let nobody else in meanwhile
}

}  // namespace

Pepper::Pepper(const fs::path& data, bool may_make) {
  const fs::path file = data / "secrets" / "pepper";
  std::error_code status;
  if (fs::status(file, status).type() == fs::file_type::not_found) {
    if (!may_make)
      throw Error(ErrorCode::bad_config, file.string(),
                  "is not there, and without it no key can be checked: put it back, or move accounts.sqlite away and "
                  "make new keys");
    make(file);
  }
  bytes_ = read_regular_file(file, kBytes, ErrorCode::bad_config);
  if (bytes_.size() != kBytes)
    throw Error(ErrorCode::bad_config, file.string(), "is damaged: it must have " + std::to_string(kBytes) + " bytes");
}

SecretHash Pepper::hash(std::string_view secret) const { return keyed(bytes_, secret); }

SecretHash Pepper::derived(std::string_view purpose) const {
  const SecretHash root = keyed(bytes_, "derived secrets");  // no secret of a key has blanks
  return keyed({root.begin(), root.end()}, purpose);
}

}  // namespace alice
