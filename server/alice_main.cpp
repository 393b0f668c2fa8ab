// `alice`, the program that people type. It answers help, the version and wrong command lines itself, at once, writes
// plugin projects and builds them, keeps keys and users, and serves; everything that computes is done by alice-worker,
// its sibling, which takes its place with the same command line, or is started by the server.

#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>

#include "server/author/plugin_new.h"
#include "server/author/plugin_try.h"
#include "server/cli/command_line.h"
#include "server/program_folder.h"
#include "server/serve/keys.h"
#include "server/serve/serve.h"
#include "server/serve/storage.h"
#include "server/serve/systemd_unit.h"
#include "server/serve/users.h"

namespace {

/// Returns only when the worker could not be started.
int become_worker(char** argv) {
  const auto worker = alice::program_folder() / "alice-worker";
  // OpenMP threads that wait for work spin only for a moment: libgomp's default makes two programs that share a machine
  // forty times slower (reference/RESULTS.md).
  setenv("GOMP_SPINCOUNT", "1000", /*overwrite=*/0);
  execv(worker.c_str(), argv);
  std::fprintf(stderr, "alice: cannot start %s: %s; it belongs beside alice\n", worker.c_str(), std::strerror(errno));
  return alice::kExitFailed;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    const alice::ParsedCommandLine parsed = alice::parse_command_line(argc, argv);
    if (parsed.answer.has_value()) return alice::give_answer(*parsed.answer);
    switch (parsed.line.command) {
      case alice::Command::serve:
        return parsed.line.systemd_unit ? alice::write_systemd_unit() : alice::run_serve(parsed.line);
      case alice::Command::keys_create:
      case alice::Command::keys_list:
      case alice::Command::keys_revoke: return alice::run_keys(parsed.line);
      case alice::Command::storage_status:
      case alice::Command::storage_sweep: return alice::run_storage(parsed.line);
      case alice::Command::users: return alice::run_users(parsed.line);
      case alice::Command::plugin_new: return alice::run_plugin_new(parsed.line);
      case alice::Command::plugin_try: return alice::run_plugin_try(parsed.line);
      default: return become_worker(argv);
    }
  } catch (const alice::Error& e) {
    std::fprintf(stderr, "alice: %s\n", e.what());
    return alice::exit_code_of(e.code());
  } catch (const std::exception& e) {
    std::fprintf(stderr, "alice: %s\n", e.what());
    return alice::kExitFailed;
  }
}
