#include "server/worker/bench/subject_process.h"

#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <memory>
#include <new>

#include "server/worker_environment.h"

namespace alice::bench {
namespace {

constexpr const char* kProgram = "/proc/self/exe";
constexpr const char* kPlace = "bench";

std::vector<std::string> words_of(const SubjectOrder& order) {
  std::vector<std::string> words = {"alice-worker", "bench-subject"};
  const auto add = [&](const char* option, const std::string& value) {
    if (!value.empty()) words.insert(words.end(), {option, value});
  };
  add("--model", order.model);
  add("--backend", order.backend);
  add("--config", order.config_file);
  add("--models", order.models_directory);
  add("--size", order.size ? std::to_string(*order.size) : "");
  return words;
}

[[noreturn]] void no_process(const char* call, int code) {
  throw Error(ErrorCode::internal, kPlace, std::string("no process to measure in: ") + call + ": " + ::strerror(code));
}

/// `socket` becomes its standard input; what libraries print goes to standard error.
pid_t spawn(const SubjectOrder& order, int socket) {
  std::vector<std::string> words = words_of(order), environment = worker_environment();
  posix_spawn_file_actions_t files;
  posix_spawn_file_actions_init(&files);
  posix_spawn_file_actions_adddup2(&files, socket, STDIN_FILENO);
  posix_spawn_file_actions_adddup2(&files, STDERR_FILENO, STDOUT_FILENO);
  pid_t process = -1;
  const int code =
      posix_spawn(&process, kProgram, &files, nullptr, null_ended(words).data(), null_ended(environment).data());
  posix_spawn_file_actions_destroy(&files);
  if (code != 0) no_process("posix_spawn", code);
  return process;
}

/// A line without its end; nothing at the end of the stream.
std::optional<std::string> read_line(FILE* stream) {
  char* bytes = nullptr;
  size_t room = 0;
  const ssize_t count = ::getline(&bytes, &room, stream);
  const std::unique_ptr<char, decltype(&std::free)> owned(bytes, &std::free);
  if (count <= 0) return std::nullopt;
  return std::string(bytes, static_cast<size_t>(bytes[count - 1] == '\n' ? count - 1 : count));
}

/// False when nobody listens any more.
bool write_line(int socket, const Json& json) {
  const std::string line = dump_json(json) + "\n";
  return ::send(socket, line.data(), line.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(line.size());
}

Json error_json(ErrorCode code, const std::string& place, const std::string& sentence) {
  return {{"error", {{"code", static_cast<int>(code)}, {"place", place}, {"sentence", sentence}}}};
}

Json answer_or_error(const std::function<Json()>& answer) {
  try {
    return answer();
  } catch (const Error& e) {
    return error_json(e.code(), e.place(), e.sentence());
  } catch (const std::bad_alloc&) {
    return error_json(ErrorCode::out_of_memory, kPlace, "there is not enough memory");
  } catch (const std::exception& e) {
    return error_json(ErrorCode::internal, kPlace, e.what());
  }
}

/// VmHWM of proc(5).
int64_t peak_memory_of_process() {
  constexpr int64_t kKibibyte = 1024;
  const std::string name = "VmHWM:";
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);)
    if (line.compare(0, name.size(), name) == 0) return std::stoll(line.substr(name.size())) * kKibibyte;
  throw Error(ErrorCode::internal, "/proc/self/status", "does not tell VmHWM; is /proc mounted?");
}

Json answer_to(const Json& order, Subject& subject) {
  if (order.contains("memory")) return {{"peak_rss_bytes", peak_memory_of_process()}};
  return {{"run", to_json(subject.run(stage_named(order.at("run"))))}};
}

}  // namespace

SubjectProcess::Started SubjectProcess::start(const SubjectOrder& order) {
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) no_process("socketpair", errno);
  const pid_t process = spawn(order, ends[1]);
  ::close(ends[1]);
  return {process, ends[0]};
}

SubjectProcess::SubjectProcess(const SubjectOrder& order, Started started)
    : name_(order.model + (order.backend.empty() ? "" : " on " + order.backend)),
      process_(started.process),
      socket_(::fdopen(started.socket, "r")) {}

// From here on the destructor ends the process, also when its first answer is an error.
SubjectProcess::SubjectProcess(const SubjectOrder& order) : SubjectProcess(order, start(order)) {
  facts_ = subject_facts_of(answer().at("facts"));
}

SubjectProcess::~SubjectProcess() {
  ::fclose(socket_);
  if (process_ < 0) return;
  ::kill(process_, SIGKILL);
  ::waitpid(process_, nullptr, 0);
}

StageRun SubjectProcess::run(Stage stage) { return stage_run_of(ask({{"run", name_of(stage)}}).at("run")); }

int64_t SubjectProcess::peak_memory() { return ask({{"memory", true}}).at("peak_rss_bytes"); }

Json SubjectProcess::ask(const Json& order) {
  if (!write_line(::fileno(socket_), order)) throw_end();
  return answer();
}

Json SubjectProcess::answer() {
  const std::optional<std::string> line = read_line(socket_);
  if (!line) throw_end();
  Json answer = parse_json(*line, kPlace, ErrorCode::internal);
  if (!answer.contains("error")) return answer;
  const Json& error = answer.at("error");
  throw Error(static_cast<ErrorCode>(error.at("code").get<int>()), error.at("place"), error.at("sentence"));
}

void SubjectProcess::throw_end() {
  int status = 0;
  ::waitpid(process_, &status, 0);
  process_ = -1;
  std::string end = "exit code " + std::to_string(WEXITSTATUS(status));
  if (WIFSIGNALED(status)) {
    const char* name = ::sigabbrev_np(WTERMSIG(status));
    end = name != nullptr ? std::string("SIG") + name : "signal " + std::to_string(WTERMSIG(status));
    if (WTERMSIG(status) == SIGKILL) end += ", as the system does when memory runs out";
  }
  throw Error(ErrorCode::internal, name_, "the process that measures it ended by " + end);
}

void serve_subject(Composer& composer, const SubjectOrder& order) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);  // nobody wants the figures of a run that was broken off
  std::unique_ptr<Subject> subject;
  const Json greeting = answer_or_error([&]() -> Json {
    subject = std::make_unique<Subject>(composer, order.model, order.size);
    return {{"facts", to_json(subject->facts())}};
  });
  bool is_heard = write_line(STDIN_FILENO, greeting);
  while (is_heard && subject != nullptr) {
    const std::optional<std::string> line = read_line(stdin);
    if (!line) return;
    is_heard = write_line(STDIN_FILENO, answer_or_error([&] {
                            return answer_to(parse_json(*line, kPlace, ErrorCode::bad_request), *subject);
                          }));
  }
}

}  // namespace alice::bench
