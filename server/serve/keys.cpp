#include "server/serve/keys.h"

#include <iostream>

#include "server/accounts/account.h"
#include "server/serve/console.h"
#include "server/worker/table.h"

namespace alice {
namespace {

Json question_of(const CommandLine& line) {
  if (line.command == Command::keys_list) return {{"do", "list"}};
  if (line.command == Command::keys_revoke) return {{"do", "revoke"}, {"id", line.target}};
  std::string scopes;
  for (const std::string& scope : line.keys.scopes) scopes += (scopes.empty() ? "" : " ") + scope;
  Json question = {{"do", "create"},
                   {"name", line.target},
                   {"user", line.keys.user},
                   {"level", to_string(line.keys.admin ? Level::admin : Level::user)},
                   {"scopes", scopes}};
  if (line.keys.expires_days) question["expires_days"] = *line.keys.expires_days;
  return question;
}

void print_list(const Json& keys) {
  std::vector<std::vector<std::string>> rows = {
      {"ID", "NAME", "USER", "LEVEL", "SCOPES", "CREATED", "EXPIRES", "LAST USED", "REVOKED"}};
  for (const Json& key : keys)
    rows.push_back({key.at("id"), key.at("name"), key.at("user"), key.at("level"), key.at("scopes"),
                    day_of(key.at("created")), day_of(key.at("expires")), day_of(key.at("last_used")),
                    day_of(key.at("revoked"))});
  print_table(rows);
}

void print(const CommandLine& line, const Json& answer) {
  if (line.json) {
    std::cout << dump_json(line.command == Command::keys_list ? answer.at("keys") : answer) << "\n";
  } else if (line.command == Command::keys_list) {
    print_list(answer.at("keys"));
  } else if (line.command == Command::keys_revoke) {
    std::cout << "The key " << answer.at("key").at("id").get<std::string>() << " counts no more.\n";
  } else {
    std::cerr << "This is the key. It is shown this once; `alice keys revoke "
              << answer.at("key").at("id").get<std::string>() << "` ends it.\n";
    std::cout << answer.at("text").get<std::string>() << "\n";
  }
}

}  // namespace

int run_keys(const CommandLine& line) {
  print(line, ask_accounts(line, question_of(line), /*makes=*/line.command == Command::keys_create));
  return kExitOk;
}

}  // namespace alice
