#pragma once
// What `alice`'s commands do, each returning the exit code of the process.

#include "core/host/composer.h"
#include "server/cli/command_line.h"
#include "server/config/config.h"
#include "server/worker/session/front_link.h"

namespace alice {

/// Makes pictures and writes them, each whole or not at all; names every file on standard output. An interrupt (SIGINT,
/// SIGTERM) ends it between two steps. `recorded`: the recipe that is drawn again, or null; what may make the bytes
/// differ from it is a warning.
int run_generate(Composer& composer, CommandLine line, const Recipe* recorded = nullptr);

/// The configuration of each backend of `compare`, for run_compare(). Throws Error(bad_config) with every fault.
std::vector<HostConfig> hosts_to_compare(ConfigSources sources, const CommandLine& line);
/// Draws each combination of what was listed and writes them as one sheet, whole or not at all; prints a table, or
/// JSON. After an interrupt, or when a picture fails, the sheet has what was done before, and the Error says so.
int run_compare(std::vector<HostConfig> hosts, const std::shared_ptr<const Registry>& registry,
                const OnLoaded& on_loaded, const CommandLine& line);

/// The recipe inside a picture.
int run_show(const CommandLine& line);

/// The models that there are, with native size, usual settings and their makers' words, and why one is unavailable. As
/// JSON with model_facts().
int run_models(const Composer& composer, const CommandLine& line);

/// The plugins that are loaded, and why one is not.
int run_plugins(const Registry& registry, const CommandLine& line);

/// How a model is composed, and where each choice came from.
int run_explain(Composer& composer, const Config& config, const CommandLine& line);

/// The configuration as YAML: all of it, or of the model line.target the entry that says all that it is
/// composed of.
int run_config_show(const Config& config, const CommandLine& line);
int run_config_show_model(const Composer& composer, const Config& config, const CommandLine& line);
/// The files that configurations are looked for in.
int run_config_path(const ConfigSources& sources);
/// Writes a configuration to begin with; line.target: where (new_config_file()).
int run_config_init(const ConfigSources& sources, const CommandLine& line);

/// Reads the configuration, and whether there is all that it names; kExitConfig when not. Loads plugins, no weights.
int run_check_config(const ConfigSources& sources, const CommandLine& line);
/// check model | load | infer | compat.
int run_check(Composer& composer, const CommandLine& line);

/// A folder of settings becomes a model with random weights.
int run_make_model(Composer& composer, const CommandLine& line);

/// Measures a model on one backend or several, each in a process of its own; itself loads neither. Writes a table or
/// JSON. Throws Error(bad_request) for subjects that cannot be told together, and as SubjectProcess.
int run_bench(const Config& config, const CommandLine& line);
/// What it starts.
int run_bench_subject(Composer& composer, const CommandLine& line);

/// Runs the contract suite over a plugin library, in child processes. The configuration is not looked at; of the plugins
/// beside the program, whether they have its names. Throws Error(bad_request) for an --only that names no check.
int run_plugin_check(const CommandLine& line);
/// What it starts.
int run_plugin_checks_in_child(const CommandLine& line);

/// What `plugin try` starts: run_compare() of the schedulers of the library line.target, with three numbers of steps,
/// beside the model's own, or of its backends beside the one that computes the model; a word where it brings neither.
/// Throws Error(unsupported) when the registry has refused the library, and as run_compare().
int run_plugin_draw(const HostConfig& host, const std::shared_ptr<const Registry>& registry, const OnLoaded& on_loaded,
                    CommandLine line);

/// `work`, what `alice serve` starts. First, before plugins are loaded: signals, the front's death, the socket
/// (kLinkDescriptor), and logging over it. The link lives as long as the process. Throws as FrontLink does.
FrontLink& begin_work(const LoggingConfig& logging);
/// Then: see Session::run(). `composer` must live as long as the process.
[[noreturn]] void run_work(FrontLink& front, Composer& composer);

}  // namespace alice
