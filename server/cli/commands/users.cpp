#include "server/cli/commands/commands.h"

namespace alice {
namespace {

constexpr const char* kPasswordFooter =
    "The password is asked for, or read from the first line of standard input.\n\n"
    "Examples:\n"
    "  alice users create ann --admin\n"
    "  alice users password ann < password.txt\n\n";
constexpr const char* kBootstrapFooter =
    "The code is written to standard output, this once. Whoever has it makes the first administrator over HTTP (POST\n"
    "/v1/auth/bootstrap), within 30 minutes. Where a shell on the machine is at hand, `alice users create NAME\n"
    "--admin` does it without.\n\n";

void add_places(Grammar& grammar, CLI::App& app) {
  grammar.add_text(app, "--config", grammar.line().config_file, "FILE",
                   "the configuration, in place of the user's and the system's");
  grammar.add_text(app, "--data", grammar.line().data_directory, "DIR", "where the server keeps jobs and keys");
  grammar.add_json(app);
}

/// `target`: of a user.
CLI::App& add(Grammar& grammar, CLI::App& group, const std::string& what, const char* help, bool target,
              const char* footer = "") {
  CLI::App& app = grammar.add_leaf(group, what, help, Command::users, footer,
                                   [&grammar, what] { grammar.line().users.what = what; });
  if (target) grammar.add_target(app, "NAME", grammar.line().target, "what the user is called").required();
  add_places(grammar, app);
  return app;
}

}  // namespace

void add_users_commands(Grammar& grammar) {
  CLI::App& group = grammar.add_group("users", "people who sign in with a password");
  CLI::App& create = add(grammar, group, "create", "make a user", true, kPasswordFooter);
  create.add_flag("--admin", grammar.line().users.admin, "an administrator");
  add(grammar, group, "list", "the users that there are", false);
  add(grammar, group, "approve", "let somebody in who has registered", true);
  add(grammar, group, "disable", "end somebody's sessions and keys, at once and for good", true);
  add(grammar, group, "enable", "let somebody in again who was disabled", true);
  add(grammar, group, "password", "set a password, and end all sessions", true, kPasswordFooter);
  add(grammar, group, "bootstrap", "make a code for the first administrator", false, kBootstrapFooter);
}

}  // namespace alice
