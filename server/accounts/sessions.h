#pragma once
// Who is signed in, judged from memory as keys are; what changes goes to the store.

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/outcome.h"
#include "server/accounts/account_store.h"
#include "server/accounts/pepper.h"

namespace alice {

/// From where somebody signs in.
struct SignInPlace {
  std::string address, agent;
};

struct MadeSession {
  Session session;
  std::string text;  ///< what the cookie holds, told once: <16 digits: its id>_<43 letters: its secret>
};

/// How long a session counts, in seconds.
struct SessionTimes {
  int64_t idle_s = 7 * 24 * 3600;      ///< since it was last seen
  int64_t longest_s = 30 * 24 * 3600;  ///< since it was begun, however often it is seen
};

/// Any thread. Callbacks come on the store's.
class Sessions {
 public:
  /// More of one user end the one that was seen least lately.
  static constexpr size_t kMostOfUser = 50;

  /// `store` and `pepper` must outlive it. `now_s`: seconds since 1970. Reads all, and waits for that; throws what the
  /// store answers.
  Sessions(AccountStore& store, const Pepper& pepper, SessionTimes times, std::function<int64_t()> now_s);

  /// Null for one that there is not, or not any more. One look-up by id and one comparison in constant time, with a
  /// hash of nothing where there is none.
  std::shared_ptr<const Session> judge(std::string_view text) const;
  /// From now on it is idle anew. Written at most once a minute.
  void note_seen(const Session& session);

  void begin(const std::string& user, const SignInPlace& place, Then<MadeSession> then);
  /// Those that count, the newest first.
  std::vector<Session> of(const std::string& user) const;
  /// From now on it counts no more. Error(not_found): `user` has none of that id.
  void end(const std::string& id, const std::string& user, Then<Session> then);
  /// All of a user's, whom the store has ended already.
  void forget(const std::string& user);

  const SessionTimes& times() const { return times_; }

 private:
  bool counts(const Session& session) const;
  void drop_what_is_over(const std::string& user);

  AccountStore& store_;
  const Pepper& pepper_;
  const SessionTimes times_;
  const std::function<int64_t()> now_s_;
  SecretHash nobodys_;
  mutable std::mutex mutex_;  // guards what follows
  std::map<std::string, std::shared_ptr<const Session>, std::less<>> sessions_;
  std::map<std::string, int64_t> written_s_;  // when seen_s was written last, by id
};

}  // namespace alice
