#pragma once
// What `alice`'s commands do, each returning the exit code of the process.

#include "core/host/composer.h"
#include "server/cli/command_line.h"
#include "server/config/config.h"
#include "server/worker/session/front_link.h"

namespace alice {

/// Makes pictures and writes them, each whole or not at all; names every file on standard output. An interrupt (SIGINT,
/// SIGTERM) ends it between two steps.
int run_generate(Composer& composer, const CommandLine& line);

/// The models that there are, and why one is unavailable.
int run_models(const Composer& composer, const CommandLine& line);

/// The plugins that are loaded, and why one is not.
int run_plugins(const Registry& registry, const CommandLine& line);

/// How a model is composed, and where each choice came from.
int run_explain(const Composer& composer, const CommandLine& line);

/// check config | model | load | infer | compat.
int run_check(Composer& composer, const Config& config, const CommandLine& line);

/// A folder of settings becomes a model with random weights.
int run_make_model(Composer& composer, const CommandLine& line);

/// Measures a model on one backend or several, each in a process of its own; itself loads neither. Writes a table or
/// JSON. Throws Error(bad_request) for subjects that cannot be told together, and as SubjectProcess.
int run_bench(const Config& config, const CommandLine& line);
/// What it starts.
int run_bench_subject(Composer& composer, const CommandLine& line);

/// Runs the contract suite over a plugin library, in child processes. Neither the configuration nor any other plugin is
/// looked at. Throws Error(bad_request) for an --only that names no check.
int run_plugin_check(const CommandLine& line);
/// What it starts.
int run_plugin_checks_in_child(const CommandLine& line);

/// `work`, what `alice serve` starts. First, before plugins are loaded: signals, the front's death, the socket
/// (kLinkDescriptor), and logging over it. The link lives as long as the process. Throws as FrontLink does.
FrontLink& begin_work(const LoggingConfig& logging);
/// Then: see Session::run(). `composer` must live as long as the process.
[[noreturn]] void run_work(FrontLink& front, Composer& composer);

}  // namespace alice
