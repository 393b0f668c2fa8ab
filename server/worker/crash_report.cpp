#include "server/worker/crash_report.h"

#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdlib>
#include <cstring>

#include "server/cli/command_line.h"

namespace alice {
namespace {

constexpr std::array<int, 5> kSignals = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT};

/// Written in turn, so that the handler always finds one that is whole.
using Words = std::array<char, 1024>;
Words words[2];
std::atomic<const Words*> current{nullptr};  // null: nothing is reported
/// The stack of whoever has used up its own.
alignas(16) char stack[64 * 1024];

void say(const char* text) {
  [[maybe_unused]] const ssize_t written = ::write(STDERR_FILENO, text, std::strlen(text));
}

[[noreturn]] void report(const char* by, const char* name, const Words& where) {
  for (const char* part : {"alice: ended by ", by, name, where.data(), "\n"}) say(part);
  ::_exit(kExitFailed);
}

void on_signal(int number) {
  const char* name = ::sigabbrev_np(number);
  if (const Words* where = current) report("SIG", name != nullptr ? name : "?", *where);
  ::_exit(kExitFailed);
}

void on_exit() {
  if (const Words* where = current) report("", "a call of exit()", *where);
}

}  // namespace

CrashReport::CrashReport() {
  is_doing("");
  static const int registered = std::atexit(on_exit);
  static_cast<void>(registered);
  stack_t own = {};
  own.ss_sp = stack, own.ss_size = sizeof stack;
  ::sigaltstack(&own, nullptr);
  struct sigaction action = {};
  action.sa_handler = on_signal;
  action.sa_flags = SA_ONSTACK | static_cast<int>(SA_RESETHAND);
  for (const int number : kSignals) ::sigaction(number, &action, nullptr);
}

CrashReport::~CrashReport() {
  current = nullptr;
  for (const int number : kSignals) ::signal(number, SIG_DFL);
}

void CrashReport::is_doing(const std::string& where) {
  Words& next = current == &words[0] ? words[1] : words[0];
  const size_t size = std::min(where.size(), next.size() - 1);
  std::copy_n(where.data(), size, next.begin());
  next[size] = '\0';
  current = &next;
}

}  // namespace alice
