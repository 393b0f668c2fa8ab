#include "server/cli/commands/commands.h"

namespace alice {
namespace {

constexpr const char* kShowFooter =
    "Examples:\n"
    "  alice show cat.png\n"
    "  alice generate --from cat.png --out again.png\n\n";

void add_listing(Grammar& grammar, const std::string& name, const std::string& help, Command command) {
  CLI::App& app = grammar.add_leaf(grammar.app(), name, help, command);
  grammar.add_places(app);
  grammar.add_json(app);
}

}  // namespace

void add_listing_commands(Grammar& grammar) {
  add_listing(grammar, "models", "list the models that are there", Command::models);
  add_listing(grammar, "plugins", "list the plugins that are loaded, and what each offers", Command::plugins);
  CLI::App& show =
      grammar.add_leaf(grammar.app(), "show", "tell what a picture was made with", Command::show, kShowFooter);
  grammar.add_target(show, "FILE", grammar.line().target, "a PNG file that ALICE or A1111 made").required();
  grammar.add_json(show);
}

}  // namespace alice
