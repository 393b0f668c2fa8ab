#include "server/accounts/passwords.h"

#include <sodium.h>

#include <array>
#include <boost/asio/post.hpp>
#include <boost/asio/thread_pool.hpp>
#include <utility>

namespace alice {
namespace {

/// Of no password: made as all others are, so that it takes as long to compare with.
constexpr const char* kNobodys =
    "$argon2id$v=19$m=65536,t=2,p=1$YWxpY2Ugbm9ib2R5IHNhbA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

std::string hash_of(const std::string& password) {
  std::array<char, crypto_pwhash_STRBYTES> text{};
  if (crypto_pwhash_str_alg(text.data(), password.data(), password.size(), crypto_pwhash_OPSLIMIT_INTERACTIVE,
                            crypto_pwhash_MEMLIMIT_INTERACTIVE, crypto_pwhash_ALG_ARGON2ID13) != 0)
    throw Error(ErrorCode::out_of_memory, "", "there is no memory to hash a password with");
  return text.data();
}

}  // namespace

Passwords::Passwords() : thread_(std::make_unique<boost::asio::thread_pool>(1)) {}
Passwords::~Passwords() { close(); }
void Passwords::close() { thread_->join(); }

void Passwords::check_form(const std::string& password) {
  if (password.size() < kShortest || password.size() > kLongest)
    throw Error(ErrorCode::bad_request, "password",
                "must have " + std::to_string(kShortest) + " to " + std::to_string(kLongest) + " bytes");
}

template <class T, class Work>
void Passwords::work(std::string password, Then<T> then, Work work) {
  if (++waiting_ > kMostWaiting) {
    --waiting_;
    return then(Error(ErrorCode::busy, "", "too many sign in at once; try again in a moment"));
  }
  boost::asio::post(*thread_, [this, password = std::move(password), then = std::move(then),
                               work = std::move(work)]() mutable {
    Outcome<T> outcome = Error(ErrorCode::internal, "", "");
    try {
      outcome = work(password);
    } catch (const Error& e) {
      outcome = e;
    }
    sodium_memzero(password.data(), password.size());
    --waiting_;
    then(std::move(outcome));
  });
}

void Passwords::hash(std::string password, Then<std::string> then) {
  work<std::string>(std::move(password), std::move(then), hash_of);
}

void Passwords::check(std::string password, std::string hash, Then<bool> then) {
  work<bool>(std::move(password), std::move(then), [hash = std::move(hash)](const std::string& shown) {
    const char* const kept = hash.empty() ? kNobodys : hash.c_str();
    return crypto_pwhash_str_verify(kept, shown.data(), shown.size()) == 0 && !hash.empty();
  });
}

}  // namespace alice
