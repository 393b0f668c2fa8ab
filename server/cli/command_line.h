#pragma once
// The command line of `alice` and `alice-worker`, as plain data. Both programs read it with the same function.

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/base/error.h"
#include "core/base/generate_request.h"

namespace alice {

// The exit codes of both programs.
constexpr int kExitOk = 0;
constexpr int kExitFailed = 1;         ///< the work failed, or a check did
constexpr int kExitUsage = 2;          ///< the command line, or a value in it, is wrong
constexpr int kExitConfig = 3;         ///< the configuration is wrong
constexpr int kExitInterrupted = 130;  ///< as shells report SIGINT

int exit_code_of(ErrorCode code);

enum class Command {
  serve,
  work,  ///< what the server starts; not for people
  generate,
  compare,
  models,
  plugins,
  show,
  config_explain,
  config_show,
  config_path,
  config_init,
  check_config,
  check_model,
  check_load,
  check_infer,
  check_compat,
  make_model,
  keys_create,
  keys_list,
  keys_revoke,
  storage_status,
  storage_sweep,
  users,  ///< UserOptions::what of them
  bench,
  bench_subject,  ///< what bench starts; not for people
  plugin_new,
  plugin_check,
  plugin_run_checks,  ///< what plugin check starts; not for people
  plugin_try,
  plugin_draw  ///< what plugin try starts; not for people
};

/// `plugin check`. What is not given is at its default.
struct PluginCheckOptions {
  bool list = false;                     ///< --list: say what the checks are
  std::string only;                      ///< --only: a check or a group of them; "" for all
  int64_t timeout_seconds = 60;          ///< --timeout: of each check
  int64_t memory_mib = 4096;             ///< --memory: that the plugin's process may take
  std::optional<int64_t> seed;           ///< --reproduce
  std::string config_folder;             ///< --config: of a model plugin's settings; "" for the known ones
  std::string lora_names;                ///< --lora-names: a JSON file; "" for the known ways of naming
  std::map<std::string, double> orders;  ///< --order: of convergence, by scheduler
  std::string junit;                     ///< --junit: a file to write; "" for none
};

/// `keys create`. What is not given is at its default.
struct KeyOptions {
  bool admin = false;                   ///< --admin
  std::string user;                     ///< --user; "": called as the key
  std::vector<std::string> scopes;      ///< --scope, each; none: the level's usual ones
  std::optional<int64_t> expires_days;  ///< --expires
};

/// `users`. What is not given is at its default.
struct UserOptions {
  std::string what;    ///< create, list, approve, disable, enable, password, bootstrap
  bool admin = false;  ///< create's --admin
};

/// `bench`. What is not given is at its default.
struct BenchOptions {
  std::vector<std::string> backends;  ///< --backend, each; none: what the configuration settles on
  std::string against;                ///< --against: a backend, or a configuration's file; "" for no comparison
  std::optional<int64_t> size;        ///< --size: pixels of a side
  int64_t rounds = 3;                 ///< --rounds
  std::string json_file;              ///< --json: "-" for standard output; "" when not given
};

/// What `compare` was given several values for.
struct CompareAxis {
  std::string field;         ///< of GenerateRequest, by its name in generate_options(); or kBackendAxis
  std::vector<Json> values;  ///< two or more, each another one
};
inline constexpr const char* kBackendAxis = "backend";

/// `compare`. What is not given is at its default.
struct CompareOptions {
  /// The first varies slowest: the backend, then what else there is, scheduler, and steps last. In all at most
  /// kMostCompared pictures.
  std::vector<CompareAxis> axes;
  enum class Reference { usual, none, steps } reference = Reference::usual;  ///< --reference
  int64_t reference_steps = 0;                                              ///< of Reference::steps
};
inline constexpr int64_t kMostCompared = 100;

/// A command line that can be carried out. What a command has no option for is at its default.
struct CommandLine {
  Command command = Command::generate;
  std::string config_file;        ///< --config; "" when not given
  std::string models_directory;   ///< --models; "" when not given
  std::string backend;            ///< --backend; the first, where several are given; "" when not given
  std::string host, port;         ///< serve's --host and --port, as they were typed; "" when not given
  std::string data_directory;     ///< --data of serve, keys, users and storage; "" when not given
  bool watch_plugins = false;     ///< serve's --watch-plugins
  bool systemd_unit = false;      ///< serve's --systemd-unit
  std::string group;              ///< work's --group; "" when not given
  bool json = false;              ///< --json (of the commands that list or check)
  /// The model id, path, golden folder, folder of settings, picture, a plugin's name, library or project, a key's
  /// name or id, or a user's name.
  std::string target;
  std::string out;                ///< --out: a picture file ("-": standard output), or a folder; "" when not given
  std::string kind;               ///< plugin new's --kind: one of plugin_kind_names()
  std::string into = ".";         ///< plugin new's --into: the folder that the project's folder is made in
  std::string dtype = "float32";  ///< make-model's --dtype: float32 or float16
  int64_t seed = 0;               ///< make-model's --seed
  PluginCheckOptions check;       ///< plugin check's; of run-checks only memory_mib
  KeyOptions keys;                ///< keys create's
  UserOptions users;              ///< of users
  BenchOptions bench;             ///< bench's; of bench-subject only size
  CompareOptions compare;         ///< compare's; what has one value only is in `request` and `backend`
  GenerateRequest request;        ///< generate, compare: ranges are checked; an empty model: the configured default
  std::vector<std::string> given;  ///< generate: the request's fields that were typed, but loras, scheduler_options
  std::string image, mask;         ///< generate's --image and --mask: files; "" when not given
  bool quiet = false;              ///< --quiet: no progress, no names of files
  std::string from;                ///< generate's --from: the picture whose recipe is drawn; "" when not given
};

/// What is to be said instead: help, the version, or what is wrong.
struct Answer {
  std::string text;
  int exit_code = kExitOk;
};

struct ParsedCommandLine {
  std::optional<Answer> answer;  ///< when it has a value, `line` is of no use
  CommandLine line;
};

/// Never throws for what people type; every fault of a command line is in the one answer.
ParsedCommandLine parse_command_line(int argc, const char* const* argv);

/// Prints to standard output, or to standard error when the exit code is not kExitOk. Returns the exit code.
int give_answer(const Answer& answer);

}  // namespace alice
