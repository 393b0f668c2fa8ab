#include "server/front/http/picture_urls.h"

#include <sodium.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

#include "server/front/http/api_error.h"

namespace alice {
namespace {

/// Secrets follow one another by themselves. One counts in its own time and the next, and no URL lasts longer than one.
constexpr int64_t kSecretS = 30 * 24 * 3600;
constexpr size_t kSignatureLetters = 22;  // of 43: 132 bits

std::string secret_at(int64_t now_s) { return std::to_string(now_s / kSecretS); }

/// The three parameters of a signed URL, and no other.
struct Signed {
  std::string e, k, s;
};

std::optional<Signed> signed_query(const HttpRequest& request) {
  Signed query;
  if (request.query.size() != 3) return std::nullopt;
  for (const auto& [name, value] : request.query) {
    std::string* const part = name == "e" ? &query.e : name == "k" ? &query.k : name == "s" ? &query.s : nullptr;
    if (part == nullptr || !part->empty()) return std::nullopt;
    *part = value;
  }
  return query;
}

/// 0 for what is no time.
int64_t seconds_in(const std::string& text) {
  int64_t seconds = 0;
  const char* const end = text.data() + text.size();
  return std::from_chars(text.data(), end, seconds).ptr == end ? seconds : 0;
}

}  // namespace

UrlSigner::UrlSigner(const ServerConfig& config, std::shared_ptr<const Accounts> accounts)
    : accounts_(std::move(accounts)),
      signs_(config.require_auth && accounts_ != nullptr),
      lasts_s_(static_cast<int64_t>(config.signed_url_minutes * 60)) {}

std::string UrlSigner::signature(const std::string& path, const std::string& expiry, const std::string& secret) const {
  const SecretHash key = accounts_->pepper().derived("picture urls " + secret);
  const std::string text = "GET\n" + path + "\n" + expiry + "\n" + secret;
  std::array<unsigned char, crypto_generichash_BYTES> hash;
  crypto_generichash(hash.data(), hash.size(), reinterpret_cast<const unsigned char*>(text.data()), text.size(),
                     key.data(), key.size());
  std::string letters(sodium_base64_ENCODED_LEN(hash.size(), sodium_base64_VARIANT_URLSAFE_NO_PADDING), '\0');
  sodium_bin2base64(letters.data(), letters.size(), hash.data(), hash.size(),
                    sodium_base64_VARIANT_URLSAFE_NO_PADDING);
  return letters.substr(0, kSignatureLetters);
}

std::string UrlSigner::query_for(const std::string& path) const {
  if (!signs_) return "";
  const int64_t now = accounts_->now_s();
  const std::string expiry = std::to_string(now + lasts_s_), secret = secret_at(now);
  return "?e=" + expiry + "&k=" + secret + "&s=" + signature(path, expiry, secret);
}

bool UrlSigner::is_signed(const HttpRequest& request) {
  return std::any_of(request.query.begin(), request.query.end(), [](const auto& one) { return one.first == "s"; });
}

int64_t UrlSigner::check(const HttpRequest& request) const {
  const ApiError refusal(403, "forbidden",
                         "this URL does not count, or not any more; the answer to GET /v1/jobs/{id} has a new one");
  const auto query = signed_query(request);
  if (accounts_ == nullptr || !query) throw refusal;
  const int64_t now = accounts_->now_s();
  const bool has_secret = query->k == secret_at(now) || query->k == secret_at(now - kSecretS);
  std::string shown = query->s;
  shown.resize(kSignatureLetters);
  const std::string right = signature(request.path, query->e, has_secret ? query->k : secret_at(now));
  const bool is_right = sodium_memcmp(shown.data(), right.data(), right.size()) == 0;
  const int64_t rest = seconds_in(query->e) - now;
  if (!is_right || !has_secret || query->s.size() != kSignatureLetters || rest < 1) throw refusal;
  return rest;
}

std::string picture_url(const PictureUrls& urls, const PictureFile& picture) {
  const std::string path = "/images/" + picture.file;
  return urls.base + path + urls.signer->query_for(path);
}

}  // namespace alice
