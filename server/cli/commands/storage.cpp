#include "server/cli/commands/commands.h"

namespace alice {
namespace {

void add_options(Grammar& grammar, CLI::App& app) {
  grammar.add_text(app, "--config", grammar.line().config_file, "FILE",
                   "the configuration, in place of the user's and the system's");
  grammar.add_text(app, "--data", grammar.line().data_directory, "DIR", "where the server keeps jobs");
  grammar.add_json(app);
}

}  // namespace

void add_storage_commands(Grammar& grammar) {
  CLI::App& group = grammar.add_group("storage", "what is kept, and for how long");
  add_options(grammar, grammar.add_leaf(group, "status", "jobs and pictures, and the room that they take",
                                        Command::storage_status));
  CLI::App& sweep = grammar.add_leaf(
      group, "sweep", "what retention would take away now", Command::storage_sweep,
      "A server that runs sweeps each minute, by its configuration's `retention`; this shows what it would take\n"
      "away now, and why, and takes nothing away itself. What is kept (POST /v1/jobs/{id}/kept), and what is younger\n"
      "than an hour, stays.\n\n");
  sweep.add_flag("--dry-run", "show what would go")->required();
  add_options(grammar, sweep);
}

}  // namespace alice
