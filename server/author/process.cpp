#include "server/author/process.h"

#include <fcntl.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <iostream>

#include "core/base/error.h"
#include "server/worker_environment.h"

namespace alice {
namespace {

/// A pipe whose ends are not inherited as they are.
struct Pipe {
  int ends[2] = {-1, -1};
  Pipe() {
    if (::pipe2(ends, O_CLOEXEC) != 0) throw Error(ErrorCode::internal, "pipe", ::strerror(errno));
  }
  ~Pipe() {
    close_writing();
    ::close(ends[0]);
  }
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;
  void close_writing() {
    if (ends[1] >= 0) ::close(ends[1]);
    ends[1] = -1;
  }
  std::string read_all() const {
    std::string text;
    std::array<char, 4096> bytes;
    for (;;) {
      const ssize_t count = ::read(ends[0], bytes.data(), bytes.size());
      if (count > 0) text.append(bytes.data(), static_cast<size_t>(count));
      if (count == 0 || (count < 0 && errno != EINTR)) return text;
    }
  }
};

pid_t start(std::vector<std::string> words, const std::filesystem::path& folder, Streams streams, int kept) {
  std::vector<std::string> environment = worker_environment();
  const auto arguments = null_ended(words), variables = null_ended(environment);
  posix_spawn_file_actions_t files;
  posix_spawn_file_actions_init(&files);
  posix_spawn_file_actions_addchdir_np(&files, folder.c_str());
  if (streams != Streams::shown) posix_spawn_file_actions_adddup2(&files, kept, STDOUT_FILENO);
  if (streams == Streams::kept) posix_spawn_file_actions_adddup2(&files, kept, STDERR_FILENO);
  pid_t process = -1;
  const int code = posix_spawnp(&process, words[0].c_str(), &files, nullptr, arguments.data(), variables.data());
  posix_spawn_file_actions_destroy(&files);
  if (code == ENOENT) throw Error(ErrorCode::not_found, words[0], "there is no such program");
  if (code != 0) throw Error(ErrorCode::internal, words[0], std::string("cannot be started: ") + ::strerror(code));
  return process;
}

}  // namespace

ProcessEnd run_program(std::vector<std::string> words, const std::filesystem::path& folder, Streams streams) {
  std::cout << std::flush;  // what it writes comes behind what we have written
  Pipe pipe;
  const pid_t process = start(std::move(words), folder, streams, pipe.ends[1]);
  pipe.close_writing();
  ProcessEnd end;
  end.output = pipe.read_all();
  int status = 0;
  while (::waitpid(process, &status, 0) < 0 && errno == EINTR) {
  }
  end.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return end;
}

}  // namespace alice
