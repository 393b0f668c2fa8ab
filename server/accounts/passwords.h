#pragma once
// Passwords, made slow to guess: argon2id (RFC 9106) by libsodium, with its "interactive" cost: 64 MiB and two passes,
// about a tenth of a second. So it is done on a thread of its own, and few may wait: else whoever asks often enough
// takes all memory and time there is.

#include <atomic>
#include <memory>
#include <string>

#include "core/base/outcome.h"

namespace boost::asio {
class thread_pool;
}

namespace alice {

class Passwords {
 public:
  /// That wait or are at work.
  static constexpr int64_t kMostWaiting = 8;
  /// Bytes of a password.
  static constexpr size_t kShortest = 8, kLongest = 128;

  Passwords();
  /// What was asked before is answered first.
  ~Passwords();
  /// What was asked before is answered, and the thread ends. Nothing may be asked after it.
  void close();

  /// Throws Error(bad_request) at "password" for one that is too short or too long; no other rule makes them better.
  static void check_form(const std::string& password);

  /// Callbacks come on its own thread, and must not throw; or at once with Error(busy). Any thread.
  /// The hash: text that says how it was made.
  void hash(std::string password, Then<std::string> then);
  /// Whether `hash` is of it. "" is nobody's: false, after as long a time as any.
  void check(std::string password, std::string hash, Then<bool> then);

 private:
  template <class T, class Work>
  void work(std::string password, Then<T> then, Work work);

  std::atomic<int64_t> waiting_{0};
  std::unique_ptr<boost::asio::thread_pool> thread_;
};

}  // namespace alice
