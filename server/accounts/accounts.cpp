#include "server/accounts/accounts.h"

#include <sodium.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "server/accounts/key_text.h"
#include "server/accounts/waited.h"

namespace alice {
namespace {

constexpr int64_t kNotedEachS = 60;
constexpr const char* kConfigured = "configured";
constexpr int64_t kAuditS = 400 * 24 * 3600, kTrimmedEach = 1000;

int64_t system_seconds() {
  using namespace std::chrono;
  return duration_cast<seconds>(system_clock::now().time_since_epoch()).count();
}

std::vector<AccessKey> all_keys(AccountStore& store) {
  return waited<std::vector<AccessKey>>([&](auto then) { store.list_keys(std::move(then)); });
}

void check_name(const std::string& name, const char* place) {
  if (!is_account_name(name))
    throw Error(ErrorCode::bad_request, place,
                "must be a name of 1 to 64 letters on one line, without a blank at either end");
}

}  // namespace

Accounts::Accounts(std::unique_ptr<AccountStore> store, Pepper pepper, AccountsSettings settings)
    : pepper_(std::move(pepper)), settings_(std::move(settings)), store_(std::move(store)) {
  if (!settings_.now_s) settings_.now_s = system_seconds;
  if (!settings_.compare) settings_.compare = sodium_memcmp;
  randombytes_buf(nobodys_.data(), nobodys_.size());
  for (const AccessKey& key : all_keys(*store_)) keep(key);
  if (!settings_.configured_key.empty()) keep_configured();
  people_ = std::make_unique<People>(*store_, pepper_, settings_.sessions, settings_.now_s,
                                     [this](const auto& user, const auto& keys) { replace(user, keys); });
  trim_audit();
}

Accounts::~Accounts() { people_->close(); }

std::shared_ptr<Accounts> Accounts::open(const std::filesystem::path& data, AccountsSettings settings) {
  auto store = open_sqlite_account_store((data / "accounts.sqlite").string());
  const bool has_keys = !all_keys(*store).empty();
  return std::make_shared<Accounts>(std::move(store), Pepper(data, /*may_make=*/!has_keys), std::move(settings));
}

/// The one of the configuration is a user's, who has no other.
void Accounts::keep_configured() {
  AccessKey key;
  key.id = key.user = kConfigured;
  key.name = key.user_name = "server.api_key";
  key.scopes = Scopes::usual(Level::user);
  KeyText text;
  const KeyForm form = read_key_text(settings_.configured_key, text);
  if (form == KeyForm::mistyped)
    throw Error(ErrorCode::bad_config, "server.api_key", "begins as ALICE's own keys do, and is not one: is it cut?");
  key.hash = pepper_.hash(form == KeyForm::whole ? text.secret : settings_.configured_key);
  settings_.configured_key.clear();
  if (form == KeyForm::other) {
    configured_ = std::make_shared<const AccessKey>(std::move(key));
    return;
  }
  key.id = text.id;
  keep(key);
}

void Accounts::keep(const AccessKey& key) {
  const std::lock_guard lock(mutex_);
  ring_[key.id] = std::make_shared<const AccessKey>(key);
}

std::shared_ptr<const AccessKey> Accounts::find(const std::string& id) const {
  const std::lock_guard lock(mutex_);
  const auto found = ring_.find(id);
  return found == ring_.end() ? nullptr : found->second;
}

Judgement Accounts::judge(std::string_view text) const {
  using Verdict = Judgement::Verdict;
  KeyText parts;
  const KeyForm form = read_key_text(text, parts);
  if (form == KeyForm::mistyped) return {Verdict::mistyped};
  const bool is_ours = form == KeyForm::whole;
  const auto key = is_ours ? find(parts.id) : configured_;
  const SecretHash shown = pepper_.hash(is_ours ? std::string_view(parts.secret) : text);
  const SecretHash& kept = key == nullptr ? nobodys_ : key->hash;
  const bool is_right = settings_.compare(shown.data(), kept.data(), shown.size()) == 0 && key != nullptr;
  if (!is_right) return {Verdict::wrong, nullptr, !is_ours};
  if (key->revoked_s) return {Verdict::revoked, key, !is_ours};
  if (key->expires_s && *key->expires_s <= now_s()) return {Verdict::expired, key, !is_ours};
  return {Verdict::good, key, !is_ours};
}

void Accounts::note_used(const AccessKey& key) {
  if (key.user == kConfigured) return;
  const int64_t now = now_s();
  {
    const std::lock_guard lock(mutex_);
    const auto [noted, is_first] = noted_s_.emplace(key.id, now);
    if (!is_first && now - noted->second < kNotedEachS) return;
    noted->second = now;
  }
  store_->note_used(key.id, now, [](const Outcome<bool>& outcome) {
    if (const auto* error = std::get_if<Error>(&outcome))
      spdlog::warn("when a key was used last could not be written: {}", error->what());
  });
}

void Accounts::create(const NewKey& wanted, Then<MadeKey> then) {
  const KeyText text = new_key_text();
  AccessKey key;
  key.id = text.id;
  key.name = wanted.name;
  key.user_name = wanted.user.empty() ? wanted.name : wanted.user;
  try {
    check_name(key.name, "name");
    check_name(key.user_name, "user");
  } catch (const Error& e) {
    return then(e);
  }
  key.level = wanted.level;
  key.scopes = wanted.scopes;
  key.hash = pepper_.hash(text.secret);
  key.created_s = now_s();
  key.expires_s = wanted.expires_s;
  store_->add_key(key, [this, text, then = std::move(then)](Outcome<AccessKey> outcome) {
    if (const auto* error = std::get_if<Error>(&outcome)) return then(*error);
    keep(std::get<AccessKey>(outcome));
    people_->learn(std::get<AccessKey>(outcome));
    then(MadeKey{std::get<AccessKey>(outcome), write_key_text(text)});
  });
}

void Accounts::revoke(const std::string& id, Then<AccessKey> then) {
  store_->revoke_key(id, now_s(), [this, then = std::move(then)](Outcome<AccessKey> outcome) {
    if (const auto* key = std::get_if<AccessKey>(&outcome)) keep(*key);
    then(std::move(outcome));
  });
}

/// Of a user, all that there are.
void Accounts::replace(const std::string& user, const std::vector<AccessKey>& keys) {
  const std::lock_guard lock(mutex_);
  for (auto at = ring_.begin(); at != ring_.end();) at = at->second->user == user ? ring_.erase(at) : std::next(at);
  for (const AccessKey& key : keys) ring_[key.id] = std::make_shared<const AccessKey>(key);
}

int64_t Accounts::count_keys(const std::string& user) const {
  const int64_t now = now_s();
  const std::lock_guard lock(mutex_);
  return std::count_if(ring_.begin(), ring_.end(), [&](const auto& entry) {
    const AccessKey& key = *entry.second;
    return key.user == user && !key.revoked_s && key.expires_s.value_or(now + 1) > now;
  });
}

void Accounts::note(AuditEntry entry) {
  entry.time_s = now_s();
  store_->add_audit(std::move(entry), [](const Outcome<AuditEntry>& outcome) {
    if (const auto* error = std::get_if<Error>(&outcome))
      spdlog::warn("what somebody did could not be written into the audit: {}", error->what());
  });
  if (++noted_ % kTrimmedEach == 0) trim_audit();
}

void Accounts::trim_audit() {
  AuditLimits limits;
  limits.oldest_s = now_s() - kAuditS;
  store_->trim_audit(limits, [](const Outcome<int64_t>& outcome) {
    if (const auto* error = std::get_if<Error>(&outcome))
      spdlog::warn("the audit could not be trimmed: {}", error->what());
  });
}

}  // namespace alice
