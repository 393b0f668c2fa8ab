#include "server/cli/commands/commands.h"

namespace alice {

void add_config_commands(Grammar& grammar) {
  CLI::App& config = grammar.add_group("config", "show what the configuration comes to");
  CLI::App& explain = grammar.add_leaf(config, "explain", "how a model is composed, and where each value comes from",
                                       Command::config_explain);
  grammar.add_target(explain, "ID", grammar.line().target, "the model's id").required();
  grammar.add_places(explain);
  grammar.add_json(explain);
}

}  // namespace alice
