#include "server/serve/keys.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <ctime>
#include <iostream>

#include "core/base/kept_folder.h"
#include "server/accounts/key_commands.h"
#include "server/config/config.h"
#include "server/control/control_client.h"
#include "server/front/folder_lock.h"
#include "server/logging.h"
#include "server/worker/table.h"

namespace alice {
namespace {

namespace fs = std::filesystem;

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

/// What root writes must be read by the server, which may be another user's.
void give_to_owner(const fs::path& data) {
  struct stat folder {};
  if (::geteuid() != 0 || ::stat(data.c_str(), &folder) != 0) return;
  for (const char* name : {"lock", "accounts.sqlite", "secrets", "secrets/pepper"})
    (void)!::lchown((data / name).c_str(), folder.st_uid, folder.st_gid);  // one that is not there is no fault
}

/// While no server runs.
Json ask_store(const fs::path& data, const Json& question) {
  if (question.at("do") != "create" && !fs::exists(data / "accounts.sqlite"))
    throw Error(ErrorCode::not_found, data.string(), "there are no keys; `alice keys create NAME` makes one");
  const KeptFolder folder(data, "the data folder");
  const FolderLock lock(data);
  Json answer = answer_key_command(*Accounts::open(data, {""}), question);
  give_to_owner(data);
  return answer;
}

std::string day_of(const Json& seconds) {
  if (!seconds.is_number()) return "-";
  const std::time_t time = seconds.get<std::time_t>();
  std::tm parts{};
  gmtime_r(&time, &parts);
  char text[32];
  std::strftime(text, sizeof text, "%Y-%m-%d %H:%M", &parts);
  return text;
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

Json answer_keys(Accounts& accounts, const Json& question) {
  Json answer = answer_key_command(accounts, question);
  if (const auto key = answer.find("key"); key != answer.end())
    log_audit("action=key." + question.at("do").get<std::string>() + " actor=console target=" +
              key->at("id").get<std::string>() + " level=" + key->at("level").get<std::string>() + " result=ok");
  return answer;
}

int run_keys(const CommandLine& line) {
  ::umask(0077);
  ConfigSources sources = ConfigSources::of_process();
  sources.config_file = line.config_file;
  sources.data_directory = line.data_directory;
  const fs::path data = load_config(sources).server.data_directory;
  const Json question = question_of(line);
  const auto answer = ask_server(data, question);
  print(line, answer ? *answer : ask_store(data, question));
  return kExitOk;
}

}  // namespace alice
