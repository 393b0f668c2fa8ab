#include "server/cli/commands/commands.h"

namespace alice {
namespace {

constexpr const char* kShowFooter =
    "Each line ends with where it was said; what is printed can be a configuration itself.\n\n"
    "Examples:\n"
    "  alice config show\n"
    "  alice config show --model sd/my-model\n\n";

constexpr const char* kInitFooter =
    "Every value stands behind a #, so nothing changes until one is taken away. A file that is there is left alone.\n\n"
    "Examples:\n"
    "  alice config init\n"
    "  alice config init ./here.yaml && alice --config ./here.yaml serve\n\n";

void add_explain(Grammar& grammar, CLI::App& config) {
  CLI::App& app = grammar.add_leaf(config, "explain", "how a model is composed, and where each value comes from",
                                   Command::config_explain);
  grammar.add_target(app, "ID", grammar.line().target, "the model's id").required();
  grammar.add_places(app);
  grammar.add_json(app);
}

void add_show(Grammar& grammar, CLI::App& config) {
  CLI::App& app = grammar.add_leaf(config, "show", "the whole configuration that is in force, as YAML",
                                   Command::config_show, kShowFooter);
  grammar.add_text(app, "--model", grammar.line().target, "ID", "this model's entry alone, with all that is derived");
  grammar.add_places(app);
}

void add_init(Grammar& grammar, CLI::App& config) {
  CLI::App& app = grammar.add_leaf(config, "init", "write a configuration to begin with: every key, and what it does",
                                   Command::config_init, kInitFooter);
  grammar.add_target(app, "WHERE", grammar.line().target,
                     "a file, or the folder of a config.yaml (the user's own, ~/.config/alice/config.yaml)");
}

}  // namespace

void add_config_commands(Grammar& grammar) {
  CLI::App& config = grammar.add_group("config", "show what the configuration comes to, or begin one");
  add_explain(grammar, config);
  add_show(grammar, config);
  add_init(grammar, config);
  grammar.add_places(
      grammar.add_leaf(config, "path", "the files that are looked for, and which are there", Command::config_path));
}

}  // namespace alice
