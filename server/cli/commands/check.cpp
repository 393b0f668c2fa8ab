#include "server/cli/commands/commands.h"

namespace alice {
namespace {

/// A check of what `target` names; of the configuration where that is "".
CLI::App& add_check(Grammar& grammar, CLI::App& check, const std::string& name, const std::string& help,
                    Command command, const std::string& target = "", const std::string& target_help = "") {
  CLI::App& app = grammar.add_leaf(check, name, help, command);
  if (!target.empty()) grammar.add_target(app, target, grammar.line().target, target_help).required();
  grammar.add_places(app);
  return app;
}

}  // namespace

void add_check_commands(Grammar& grammar) {
  CLI::App& check = grammar.add_group("check", "find what is wrong before anything expensive runs");
  add_check(grammar, check, "config", "read the configuration and report every fault", Command::check_config);
  add_check(grammar, check, "model", "read a model's headers: is it complete, and what is it?", Command::check_model,
            "PATH", "a model's folder or file, or its id");
  CLI::App& load = add_check(grammar, check, "load", "load a model", Command::check_load, "ID", "the model's id");
  CLI::App& infer = add_check(grammar, check, "infer", "run a few steps: finite numbers, no flat picture",
                              Command::check_infer, "ID", "the model's id");
  CLI::App& compat = add_check(grammar, check, "compat", "compare with reference outputs, part by part",
                               Command::check_compat, "GOLDEN", "a folder of reference outputs");
  for (CLI::App* app : {&load, &infer, &compat}) grammar.add_backend(*app);
  for (CLI::App* app : check.get_subcommands({})) grammar.add_json(*app);
  grammar.add_text(compat, "--out", grammar.line().out, "DIR", "write our own tensors there, under the golden's names");
}

}  // namespace alice
