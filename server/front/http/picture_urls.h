#pragma once
// The URLs of pictures as answers tell them. Where keys are asked for, each is signed and expires, so that clients
// fetch it without a key: "<base>/images/F?e=<when, seconds since 1970>&k=<which secret>&s=<signature>". They are made when
// answering and kept nowhere.

#include <memory>
#include <string>

#include "server/accounts/accounts.h"
#include "server/config/server_config.h"
#include "server/front/http/http_request.h"
#include "server/jobs/job.h"

namespace alice {

class UrlSigner {
 public:
  /// `accounts`: null, or of a configuration that asks for no keys: nothing is signed.
  UrlSigner(const ServerConfig& config, std::shared_ptr<const Accounts> accounts);

  /// The query that signs `path`, with its "?"; "" when nothing is signed.
  std::string query_for(const std::string& path) const;

  /// Whether it has a signature, right or wrong.
  static bool is_signed(const HttpRequest& request);
  /// How many seconds it still counts, at least 1. Throws ApiError 403, the same for a signature that is wrong and for
  /// one that has expired: the signature is compared first, in a time that does not depend on how much of it is right.
  int64_t check(const HttpRequest& request) const;

 private:
  std::string signature(const std::string& path, const std::string& expiry, const std::string& secret) const;

  const std::shared_ptr<const Accounts> accounts_;
  const bool signs_;
  const int64_t lasts_s_;
};

/// For the answer to one request.
struct PictureUrls {
  std::string base;         ///< "https://pictures.example", "http://localhost:8080"
  const UrlSigner* signer;  ///< lives as long as the front
};

std::string picture_url(const PictureUrls& urls, const PictureFile& picture);

}  // namespace alice
