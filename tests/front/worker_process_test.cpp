// What a worker process finds when it starts.

#include "server/front/worker_process.h"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>

#include "tests/support/catch.h"
#include "tests/support/errors.h"
#include "tests/support/temp_folder.h"

using namespace alice;
using namespace alice::test;

namespace {

struct Result {
  std::vector<ToFront> messages;
  WorkerEnd end;
};

/// Runs a worker until its end.
Result run_worker(const std::vector<std::string>& arguments) {
  boost::asio::io_context io;
  Result result;
  const auto worker = WorkerProcess::start(
      io, arguments, [&](ToFront message) { result.messages.push_back(std::move(message)); },
      [&](const WorkerEnd& end) { result.end = end; });
  io.run();
  return result;
}

/// What a shell script, run as a worker, writes into "$1".
std::string output_of(const std::string& script) {
  const TempFolder folder;
  const auto file = folder / "out";
  const Result result = run_worker({"/bin/sh", "-c", script, "worker", file.string()});
  CHECK(result.end.reason == "exit 0");
  return bytes_of(file);
}

}  // namespace

TEST_CASE("a worker has descriptors 0 to 3 and none that the front has open") {
  constexpr int kOurs = 57;
  REQUIRE(dup2(STDERR_FILENO, kOurs) == kOurs);  // without CLOEXEC, as many a library opens
  CHECK(output_of("[ -e /proc/$$/fd/57 ] && echo inherited > $1 || echo closed > $1") == "closed\n");
  close(kOurs);
  CHECK(output_of("readlink /proc/$$/fd/0 > $1") == "/dev/null\n");
  CHECK(says(output_of("readlink /proc/$$/fd/3 > $1"), "socket:"));
  CHECK(output_of("[ $(readlink /proc/$$/fd/1) = $(readlink /proc/$$/fd/2) ] && echo same > $1") == "same\n");
}

TEST_CASE("a worker blocks and ignores no signal, and is a process group of its own") {
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_BLOCK, &all, &before);
  const auto ignored = signal(SIGPIPE, SIG_IGN);
  // Signals 32 and up are glibc's own.
  CHECK(output_of("grep -E '^Sig(Blk|Ign)' /proc/self/status | grep -o '.......$' > $1") == "0000000\n0000000\n");
  CHECK(output_of("[ $(cut -d' ' -f5 /proc/$$/stat) = $$ ] && echo own > $1") == "own\n");
  signal(SIGPIPE, ignored);
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

TEST_CASE("a worker's environment keeps it from spinning and creeping, where nothing else was said") {
  setenv("MALLOC_ARENA_MAX", "7", 1);
  unsetenv("GOMP_SPINCOUNT");
  CHECK(output_of("echo $GOMP_SPINCOUNT $MALLOC_ARENA_MAX $ONEDNN_PRIMITIVE_CACHE_CAPACITY $LRU_CACHE_CAPACITY > $1") ==
        "1000 7 16 16\n");
  unsetenv("MALLOC_ARENA_MAX");
  CHECK(output_of("echo $MALLOC_ARENA_MAX > $1") == "2\n");
}

TEST_CASE("how a worker ended is told in the system's words") {
  CHECK(run_worker({"/bin/sh", "-c", "exit 7"}).end.reason == "exit 7");
  CHECK(run_worker({"/bin/sh", "-c", "exit 7"}).end.sentence == "the worker ended with exit code 7");
  CHECK(run_worker({"/bin/sh", "-c", "kill -SEGV $$"}).end.sentence == "the worker ended by SIGSEGV");
  CHECK(says(run_worker({"/bin/sh", "-c", "kill -KILL $$"}).end.sentence, "ended by SIGKILL (the kernel sends it"));
}

TEST_CASE("a program that is not there, or is none, is an error that names it") {
  for (const std::string program : {"/no/such/program", "/etc/passwd"}) {
    const Error error = error_of([&] { run_worker({program}); });
    CHECK(error.code() == ErrorCode::internal);
    CHECK(error.place() == program);
    CHECK(says(error.sentence(), "cannot be started"));
  }
}

TEST_CASE("a worker that is stopped is gone, and tells nothing more") {
  boost::asio::io_context io;
  const auto worker = WorkerProcess::start(
      io, {"/bin/sleep", "1000"}, [](ToFront) { FAIL("told"); }, [](const WorkerEnd&) { FAIL("told"); });
  const pid_t pid = worker->pid();
  worker->stop();
  CHECK(kill(pid, 0) == -1);
  io.run();
}
