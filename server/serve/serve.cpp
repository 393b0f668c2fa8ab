#include "server/serve/serve.h"

#include <spdlog/spdlog.h>
#include <sys/stat.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <ctime>

#include "core/base/generation_defaults.h"
#include "server/accounts/accounts.h"
#include "server/config/config.h"
#include "server/config/model_names.h"
#include "server/control/control_server.h"
#include "server/front/http/http_front.h"
#include "server/front/job_desk.h"
#include "server/program_folder.h"
#include "server/serve/console.h"
#include "server/serve/service_manager.h"
#include "server/serve/welcome.h"

namespace alice {
namespace {

/// How often --watch-plugins looks, and how long libraries must have kept still: a linker writes for less.
constexpr std::chrono::milliseconds kWatchPeriod{500};

/// The signals that this program waits for; blocked, so that no thread is interrupted by one.
class Signals {
 public:
  Signals() {
    sigemptyset(&set_);
    for (const int number : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&set_, number);
    pthread_sigmask(SIG_BLOCK, &set_, nullptr);
    std::signal(SIGPIPE, SIG_IGN);  // a reader that leaves is an error of its write, not our end
  }

  /// True when one that ends the program came within `patience`. SIGHUP, the end of a terminal, ends it too.
  bool come(std::chrono::milliseconds patience) const {
    const timespec time = {0, std::chrono::nanoseconds(patience).count()};
    return sigtimedwait(&set_, nullptr, &time) > 0;
  }

 private:
  sigset_t set_;
};

Config configuration(const CommandLine& line) {
  ConfigSources sources = ConfigSources::of_process();
  sources.config_file = line.config_file;
  sources.models_directory = line.models_directory;
  sources.data_directory = line.data_directory;
  sources.host = line.host;
  sources.port = line.port;
  sources.is_for_server = true;
  return load_config(sources);
}

/// The worker reads the same configuration.
std::vector<std::string> worker_arguments(const CommandLine& line) {
  std::vector<std::string> arguments = {program_folder() / "alice-worker", "work"};
  if (!line.config_file.empty()) arguments.insert(arguments.end(), {"--config", line.config_file});
  if (!line.models_directory.empty()) arguments.insert(arguments.end(), {"--models", line.models_directory});
  return arguments;
}

/// Running jobs may finish, until the deadline or another signal.
void drain(JobDesk& desk, const Signals& signals, double timeout_s) {
  std::atomic<bool> done = false;
  const std::chrono::duration<double> timeout(timeout_s);
  desk.drain(std::chrono::duration_cast<std::chrono::milliseconds>(timeout), [&done] { done = true; });
  while (!done)
    if (signals.come(std::chrono::milliseconds(20))) break;
  if (!done) spdlog::warn("a second signal: stopping at once; what ran is taken up at the next start");
  desk.stop();  // after this, on_done comes no more
}

/// For `alice keys` and `alice users`. A server that cannot be asked so serves all the same.
std::unique_ptr<ControlServer> control_of(const Config& config, const std::shared_ptr<Accounts>& accounts) {
  try {
    return std::make_unique<ControlServer>(
        config.server.data_directory, [accounts](const Json& question) { return answer_console(*accounts, question); });
  } catch (const Error& e) {
    spdlog::warn("{}; keys and users can be changed while the server does not run", e.what());
    return nullptr;
  }
}

AccountsSettings accounts_settings(const ServerConfig& config) {
  AccountsSettings settings;
  settings.configured_key = config.api_key;
  settings.sessions.idle_s = config.session_timeout_s;
  return settings;
}

/// Whose places clients are not told.
std::vector<std::filesystem::path> folders_of(const Config& config) {
  std::vector<std::filesystem::path> folders = {config.host.models_directory, config.server.data_directory,
                                                config.server.images_directory, program_folder()};
  for (const auto& folder : std::vector(folders)) {
    std::error_code fault;
    if (auto real = std::filesystem::canonical(folder, fault); !fault) folders.push_back(std::move(real));
  }
  return folders;
}

}  // namespace

int run_serve(const CommandLine& line) {
  const Signals signals;
  ::umask(0077);  // what is written are people's own pictures and prompts
  const Config config = configuration(line);
  start_logging(config.logging);
  for (const Fault& warning : config.warnings) spdlog::warn("{}: {}", warning.place, warning.sentence);
  if (const auto fault = missing_default_model(config))
    spdlog::warn("{}: {}; requests that name no model are refused", fault->place, fault->sentence);

  JobDeskSettings desk_settings = job_desk_settings(config, worker_arguments(line));
  if (line.watch_plugins) desk_settings.watch_plugins = kWatchPeriod;
  JobDesk desk(desk_settings);
  // The desk has the folder's lock.
  const auto accounts = Accounts::open(config.server.data_directory, accounts_settings(config.server));
  const FrontFacts facts = {describe_defaults(config.host.defaults), folders_of(config), config.host.models_directory};
  HttpFront front(config.server, desk, facts, accounts);
  const auto control = control_of(config, accounts);
  front.start();
  tell_service_manager("READY=1\nSTATUS=listens on port " + std::to_string(front.port()));
  Welcome welcome(config, front.port());
  while (!signals.come(std::chrono::milliseconds(200))) welcome.follow(*desk.state());

  tell_service_manager("STOPPING=1\nSTATUS=running jobs finish");
  spdlog::info("stopping: running jobs may finish within {} s", config.server.drain_timeout_s);
  drain(desk, signals, config.server.drain_timeout_s);
  front.stop_accepting();
  front.close();
  spdlog::shutdown();
  return kExitOk;
}

}  // namespace alice
