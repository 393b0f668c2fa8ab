#include <algorithm>
#include <memory>

#include "core/base/nearest.h"
#include "server/cli/commands/commands.h"

namespace alice {
namespace {

constexpr const char* kCreateFooter =
    "The key is written to standard output, this once: it is kept nowhere. A server that runs counts it at once.\n"
    "Scopes: read, generate, models:write, admin. Without one: read and generate; with --admin all of them.\n\n"
    "Examples:\n"
    "  alice keys create \"Ann's laptop\" --user Ann\n"
    "  alice keys create me --admin\n"
    "  alice keys create frame --user Ann --scope read --expires 30\n\n";

/// As the scopes of accounts are called; this layer knows no accounts.
const std::vector<std::string> kScopes = {"read", "generate", "models:write", "admin"};
constexpr int64_t kLongestDays = 36500;

void add_data(Grammar& grammar, CLI::App& app) {
  grammar.add_text(app, "--config", grammar.line().config_file, "FILE",
                   "the configuration, in place of the user's and the system's");
  grammar.add_text(app, "--data", grammar.line().data_directory, "DIR", "where the server keeps jobs and keys");
  grammar.add_json(app);
}

void finish_create(Grammar& grammar, const std::string& days) {
  KeyOptions& keys = grammar.line().keys;
  if (!days.empty()) keys.expires_days = grammar.integer("--expires", days, 1, kLongestDays);
  for (const std::string& scope : keys.scopes)
    if (std::find(kScopes.begin(), kScopes.end(), scope) == kScopes.end())
      grammar.faults().add("--scope", "there is no scope '" + scope + "'" + did_you_mean(scope, kScopes));
}

void add_create(Grammar& grammar, CLI::App& group) {
  CommandLine& line = grammar.line();
  const auto days = std::make_shared<std::string>();
  CLI::App& app = grammar.add_leaf(group, "create", "make a key, and show it once", Command::keys_create, kCreateFooter,
                                   [&grammar, days] { finish_create(grammar, *days); });
  grammar.add_target(app, "NAME", line.target, "what the key is called").required();
  app.add_flag("--admin", line.keys.admin, "an administrator's, who sees everybody's jobs");
  grammar.add_text(app, "--user", line.keys.user, "USER", "whose it is: keys of one user share their jobs (NAME)");
  grammar.add_text(app, "--expires", *days, "DAYS", "how long it counts (until it is revoked)");
  grammar.add_repeated(app, "--scope", line.keys.scopes, "SCOPE", "what it may be used for; may be repeated");
  add_data(grammar, app);
}

}  // namespace

void add_keys_commands(Grammar& grammar) {
  CLI::App& group = grammar.add_group("keys", "who may use the server");
  add_create(grammar, group);
  add_data(grammar, grammar.add_leaf(group, "list", "the keys that there are and were", Command::keys_list));
  CLI::App& revoke = grammar.add_leaf(group, "revoke", "end a key, at once and for good", Command::keys_revoke);
  grammar.add_target(revoke, "ID", grammar.line().target, "the eight letters behind alice_, as `keys list` has them")
      .required();
  add_data(grammar, revoke);
}

}  // namespace alice
