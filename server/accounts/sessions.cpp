#include "server/accounts/sessions.h"

#include <sodium.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <array>
#include <utility>

#include "core/base/one_line.h"
#include "core/base/utf8.h"
#include "server/accounts/waited.h"

namespace alice {
namespace {

constexpr size_t kIdBytes = 8, kIdLetters = 2 * kIdBytes, kSecretBytes = 32, kSecretLetters = 43;
constexpr size_t kAll = kIdLetters + 1 + kSecretLetters;
constexpr int64_t kWrittenEachS = 60;

std::string random_digits() {
  std::array<unsigned char, kIdBytes> bytes;
  randombytes_buf(bytes.data(), bytes.size());
  std::string text(kIdLetters + 1, '\0');
  sodium_bin2hex(text.data(), text.size(), bytes.data(), bytes.size());
  text.pop_back();
  return text;
}

std::string random_secret() {
  std::array<unsigned char, kSecretBytes> bytes;
  randombytes_buf(bytes.data(), bytes.size());
  std::string text(kSecretLetters + 1, '\0');
  sodium_bin2base64(text.data(), text.size(), bytes.data(), bytes.size(), sodium_base64_VARIANT_URLSAFE_NO_PADDING);
  text.pop_back();
  return text;
}

}  // namespace

Sessions::Sessions(AccountStore& store, const Pepper& pepper, SessionTimes times, std::function<int64_t()> now_s)
    : store_(store), pepper_(pepper), times_(times), now_s_(std::move(now_s)) {
  randombytes_buf(nobodys_.data(), nobodys_.size());
  for (Session& session : waited<std::vector<Session>>([&](auto then) { store_.list_sessions(std::move(then)); })) {
    const std::string id = session.id;
    sessions_[id] = std::make_shared<const Session>(std::move(session));
  }
}

bool Sessions::counts(const Session& session) const {
  const int64_t now = now_s_();
  return now < session.seen_s + times_.idle_s && now < session.created_s + times_.longest_s;
}

std::shared_ptr<const Session> Sessions::judge(std::string_view text) const {
  if (text.size() != kAll || text[kIdLetters] != '_') return nullptr;
  std::shared_ptr<const Session> session;
  {
    const std::lock_guard lock(mutex_);
    const auto found = sessions_.find(text.substr(0, kIdLetters));
    if (found != sessions_.end()) session = found->second;
  }
  const SecretHash shown = pepper_.hash(text.substr(kIdLetters + 1));
  const SecretHash& kept = session == nullptr ? nobodys_ : session->hash;
  const bool is_right = sodium_memcmp(shown.data(), kept.data(), shown.size()) == 0 && session != nullptr;
  return is_right && counts(*session) ? session : nullptr;
}

void Sessions::note_seen(const Session& session) {
  const int64_t now = now_s_();
  {
    const std::lock_guard lock(mutex_);
    const auto found = sessions_.find(session.id);
    if (found == sessions_.end() || found->second->seen_s >= now) return;
    Session seen = *found->second;
    seen.seen_s = now;
    int64_t& written = written_s_.emplace(seen.id, session.seen_s).first->second;
    found->second = std::make_shared<const Session>(std::move(seen));
    if (now - written < std::min(kWrittenEachS, times_.idle_s / 4)) return;
    written = now;
  }
  store_.note_seen(session.id, now, [](const Outcome<bool>& outcome) {
    if (const auto* error = std::get_if<Error>(&outcome))
      spdlog::warn("when somebody was seen last could not be written: {}", error->what());
  });
}

void Sessions::begin(const std::string& user, const SignInPlace& place, Then<MadeSession> then) {
  drop_what_is_over(user);
  Session session;
  session.id = random_digits();
  session.user = user;
  const std::string secret = random_secret();
  session.hash = pepper_.hash(secret);
  session.created_s = session.seen_s = now_s_();
  session.address = place.address;
  session.agent = on_one_line(brief(place.agent));
  const std::string text = session.id + "_" + secret;
  store_.add_session(std::move(session), [this, text, then = std::move(then)](Outcome<Session> outcome) {
    if (const auto* error = std::get_if<Error>(&outcome)) return then(*error);
    const Session& kept = std::get<Session>(outcome);
    {
      const std::lock_guard lock(mutex_);
      sessions_[kept.id] = std::make_shared<const Session>(kept);
    }
    then(MadeSession{kept, text});
  });
}

std::vector<Session> Sessions::of(const std::string& user) const {
  std::vector<Session> list;
  const std::lock_guard lock(mutex_);
  for (const auto& [id, session] : sessions_)
    if (session->user == user && counts(*session)) list.push_back(*session);
  std::sort(list.begin(), list.end(), [](const Session& a, const Session& b) { return a.created_s > b.created_s; });
  return list;
}

void Sessions::end(const std::string& id, const std::string& user, Then<Session> then) {
  std::shared_ptr<const Session> session;
  {
    const std::lock_guard lock(mutex_);
    const auto found = sessions_.find(id);
    if (found != sessions_.end() && found->second->user == user) session = found->second;
  }
  if (session == nullptr) return then(Error(ErrorCode::not_found, "id", "there is no session of this id"));
  store_.remove_sessions({id}, [this, session, then = std::move(then)](const Outcome<int64_t>& outcome) {
    if (const auto* error = std::get_if<Error>(&outcome)) return then(*error);
    {
      const std::lock_guard lock(mutex_);
      sessions_.erase(session->id);
      written_s_.erase(session->id);
    }
    then(*session);
  });
}

void Sessions::forget(const std::string& user) {
  const std::lock_guard lock(mutex_);
  for (auto at = sessions_.begin(); at != sessions_.end();) {
    const bool is_theirs = at->second->user == user;
    if (is_theirs) written_s_.erase(at->first);
    at = is_theirs ? sessions_.erase(at) : std::next(at);
  }
}

/// Everybody's that are over, and of the user's what are too many.
void Sessions::drop_what_is_over(const std::string& user) {
  std::vector<std::string> over;
  std::vector<std::pair<int64_t, std::string>> of_user;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [id, session] : sessions_) {
      if (!counts(*session)) over.push_back(id);
      else if (session->user == user) of_user.emplace_back(session->seen_s, id);
    }
    std::sort(of_user.begin(), of_user.end());
    for (size_t i = 0; i + kMostOfUser <= of_user.size(); ++i) over.push_back(of_user[i].second);
    for (const std::string& id : over) sessions_.erase(id), written_s_.erase(id);
  }
  if (over.empty()) return;
  store_.remove_sessions(over, [](const Outcome<int64_t>& outcome) {
    if (const auto* error = std::get_if<Error>(&outcome))
      spdlog::warn("sessions that are over could not be removed: {}", error->what());
  });
}

}  // namespace alice
