#include "server/cli/commands/commands.h"

namespace alice {
namespace {

void add_listing(Grammar& grammar, const std::string& name, const std::string& help, Command command) {
  CLI::App& app = grammar.add_leaf(grammar.app(), name, help, command);
  grammar.add_places(app);
  grammar.add_json(app);
}

}  // namespace

void add_listing_commands(Grammar& grammar) {
  add_listing(grammar, "models", "list the models that are there", Command::models);
  add_listing(grammar, "plugins", "list the plugins that are loaded, and what each offers", Command::plugins);
}

}  // namespace alice
