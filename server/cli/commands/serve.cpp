#include "server/cli/commands/commands.h"

namespace alice {
namespace {

constexpr const char* kFooter =
    "Ctrl-C or SIGTERM: running jobs may finish, waiting ones are taken up at the next start; a second one stops at "
    "once.\n\n";

}  // namespace

void add_serve_commands(Grammar& grammar) {
  CommandLine& line = grammar.line();
  CLI::App& app = grammar.add_leaf(grammar.app(), "serve", "answer requests over HTTP", Command::serve, kFooter);
  grammar.add_places(app);
  grammar.add_text(app, "--host", line.host, "ADDRESS",
                   "the address to listen on (127.0.0.1; 0.0.0.0 for every network)");
  grammar.add_text(app, "--port", line.port, "PORT", "the port to listen on (8080; 0 for any free one)");
  grammar.add_text(app, "--data", line.data_directory, "DIR", "where jobs and pictures are kept");
  app.add_flag("--watch-plugins", line.watch_plugins, "take up plugin libraries as they change, for their authors");
  app.add_flag("--systemd-unit", line.systemd_unit, "write a unit of systemd that starts this very program, and end");

  CLI::App& work = grammar.add_hidden_leaf(grammar.app(), "work", Command::work);
  grammar.add_places(work);
  grammar.add_text(work, "--group", line.group, "NAME", "the worker group, a key of workers");
}

}  // namespace alice
