#include "server/serve/console.h"

#include <sys/stat.h>
#include <unistd.h>

#include <ctime>
#include <optional>

#include "core/base/kept_folder.h"
#include "server/accounts/key_commands.h"
#include "server/accounts/user_commands.h"
#include "server/config/config.h"
#include "server/control/control_client.h"
#include "server/front/folder_lock.h"
#include "server/logging.h"

namespace alice {
namespace {

namespace fs = std::filesystem;

/// What root writes must be read by the server, which may be another user's.
void give_to_owner(const fs::path& data) {
  struct stat folder {};
  if (::geteuid() != 0 || ::stat(data.c_str(), &folder) != 0) return;
  for (const char* name : {"lock", "accounts.sqlite", "secrets", "secrets/pepper"})
    (void)!::lchown((data / name).c_str(), folder.st_uid, folder.st_gid);  // one that is not there is no fault
}

bool is_of_users(const Json& question) { return question.is_object() && question.value("of", "") == "users"; }

/// What the audit has of it; nothing where nothing was changed.
std::optional<AuditEntry> entry_of(const Json& question, const Json& answer) {
  AuditEntry entry;
  entry.actor = "console";
  entry.result = "ok";
  for (const char* what : {"key", "user"})
    if (answer.contains(what)) {
      entry.action = std::string(what) + "." + question.at("do").get<std::string>();
      entry.target = answer.at(what).at("id");
    }
  if (answer.contains("code")) entry.action = "user.bootstrap_code";
  return entry.action.empty() ? std::nullopt : std::optional(entry);
}

Json answer_and_note(Accounts& accounts, const Json& question) {
  const bool is_users = is_of_users(question);
  Json answer = is_users ? answer_user_command(accounts, question) : answer_key_command(accounts, question);
  if (auto entry = entry_of(question, answer)) accounts.note(std::move(*entry));
  return answer;
}

/// While no server runs.
Json ask_store(const fs::path& data, const Json& question, bool makes) {
  const bool is_users = is_of_users(question);
  if (is_users && question.at("do") == "bootstrap")
    throw Error(ErrorCode::not_found, data.string(),
                "no server runs here that could take a code; start it, or make the first administrator with `alice "
                "users create NAME --admin`");
  if (!makes && !fs::exists(data / "accounts.sqlite"))
    throw Error(ErrorCode::not_found, data.string(),
                is_users ? "there are no users; `alice users create NAME --admin` makes one"
                         : "there are no keys; `alice keys create NAME` makes one");
  const KeptFolder folder(data, "the data folder");
  const FolderLock lock(data);
  Json answer = answer_and_note(*Accounts::open(data, {}), question);
  give_to_owner(data);
  return answer;
}

}  // namespace

Json answer_console(Accounts& accounts, const Json& question) {
  Json answer = answer_and_note(accounts, question);
  if (const auto entry = entry_of(question, answer))
    log_audit("action=" + entry->action + " actor=console" +
              (entry->target.empty() ? "" : " target=" + entry->target) + " result=ok");
  return answer;
}

Json ask_accounts(const CommandLine& line, const Json& question, bool makes) {
  ::umask(0077);
  ConfigSources sources = ConfigSources::of_process();
  sources.config_file = line.config_file;
  sources.data_directory = line.data_directory;
  const fs::path data = load_config(sources).server.data_directory;
  const auto answer = ask_server(data, question);
  return answer ? *answer : ask_store(data, question, makes);
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

}  // namespace alice
