// The HTTP front over the fake service, as a program: for tests that speak to it over sockets. Prints "port N" when it
// answers, and ends when its standard input does.
//
// Usage: http-test-server FOLDER ['{"server": {..}, "queue_size": 3, "has_worker": false, "step_ms": 5}']
//
// "keys": {"ann": {"level": "user", "user": "Ann", "expires_in": -1, "revoked": true, "scopes": "read"}} makes keys, and
// writes FOLDER/keys.json with the text of each. "api_key" is the configuration's. "desk": ["program", "argument"] is the
// real desk in place of the fake service, with that program as its worker.
// writes FOLDER/keys.json with the text of each. "api_key" is the configuration's. "users": {"ann": {"level": "admin",
// "state": "waiting"}} makes users, whose password is "password of NAME"; "setup_code": true writes FOLDER/setup_code.
// "blocked_words" are the service's.

#include <spdlog/spdlog.h>

#include <cstdio>
#include <exception>
#include <fstream>
#include <string>

#include "server/accounts/accounts.h"
#include "server/accounts/waited.h"
#include "server/config/server_options.h"
#include "server/front/http/http_front.h"
#include "server/front/job_desk.h"
#include "tests/http/fake_job_service.h"

namespace {

using alice::Json;

alice::ServerConfig read_config(const Json& settings, const std::string& folder) {
  alice::ServerConfig config;
  config.port = 0;
  config.images_directory = folder;
  config.host = settings.value("host", config.host);
  config.port = settings.value("port", config.port);
  config.public_url = settings.value("public_url", "");
  config.allowed_hosts = settings.value("allowed_hosts", std::vector<std::string>());
  config.cors_origins = settings.value("cors_origins", std::vector<std::string>());
  config.max_connections = settings.value("max_connections", config.max_connections);
  config.max_connections_per_address =
      settings.value("max_connections_per_address", config.max_connections_per_address);
  config.allow_plugin_reload = settings.value("allow_plugin_reload", false);
  config.max_body_mb = settings.value("max_body_mb", config.max_body_mb);
  config.read_timeout_s = settings.value("read_timeout_s", config.read_timeout_s);
  config.require_auth = settings.value("require_auth", false);
  config.trusted_proxies = settings.value("trusted_proxies", std::vector<std::string>());
  config.requests_per_minute = settings.value("requests_per_minute", int64_t{0});
  config.waiting_per_owner = settings.value("waiting_per_owner", int64_t{0});
  config.pictures_per_day = settings.value("pictures_per_day", int64_t{0});
  config.signed_url_minutes = settings.value("signed_url_minutes", config.signed_url_minutes);
  config.session_timeout_s = settings.value("session_timeout_seconds", config.session_timeout_s);
  for (const auto& [word, mode] : alice::registration_modes())
    if (word == settings.value("registration_mode", "off")) config.registration_mode = mode;
  config.model_aliases = settings.value("model_aliases", config.model_aliases);
  const Json quality = settings.value("quality", Json::object());
  for (const auto& [word, said] : quality.items())
    config.quality[word] = alice::read_generate_request(said);
  config.request_timeout_s = settings.value("request_timeout_s", config.request_timeout_s);
  return config;
}

using alice::waited;

alice::MadeKey make_key(alice::Accounts& accounts, const std::string& name, const Json& wanted) {
  alice::NewKey key;
  key.name = name;
  key.user = wanted.value("user", "");
  key.level = alice::level_from(wanted.value("level", "user")).value();
  key.scopes = alice::Scopes::from(wanted.value("scopes", alice::Scopes::usual(key.level).words())).value();
  if (wanted.contains("expires_in")) key.expires_s = accounts.now_s() + wanted.at("expires_in").get<int64_t>();
  const auto made = waited<alice::MadeKey>([&](auto then) { accounts.create(key, then); });
  if (wanted.value("revoked", false))
    waited<alice::AccessKey>([&](auto then) { accounts.revoke(made.key.id, then); });
  return made;
}

void make_user(alice::Accounts& accounts, const std::string& name, const Json& wanted) {
  alice::NewUser user;
  user.name = name;
  user.password = "password of " + name;
  user.level = alice::level_from(wanted.value("level", "user")).value();
  user.state = alice::user_state_from(wanted.value("state", "active")).value();
  waited<alice::User>([&](auto then) { accounts.people().add(user, then); });
}

/// Null where neither keys nor users are wanted.
std::shared_ptr<alice::Accounts> make_accounts(const std::string& folder, const Json& settings) {
  const bool are_wanted = settings.contains("keys") || settings.contains("api_key") || settings.contains("users");
  if (!are_wanted) return nullptr;
  alice::AccountsSettings accounts_settings;
  accounts_settings.configured_key = settings.value("api_key", "");
  accounts_settings.sessions.idle_s =
      settings.value("server", Json::object()).value("session_timeout_seconds", accounts_settings.sessions.idle_s);
  auto accounts = alice::Accounts::open(folder, accounts_settings);
  const Json users = settings.value("users", Json::object());
  for (const auto& [name, wanted] : users.items()) make_user(*accounts, name, wanted);
  if (settings.value("setup_code", false)) std::ofstream(folder + "/setup_code") << accounts->setup_code().make();
  Json texts = Json::object();
  const Json keys = settings.value("keys", Json::object());
  for (const auto& [name, wanted] : keys.items())
    texts[name] = make_key(*accounts, name, wanted).text;
  std::ofstream(folder + "/keys.json") << texts;
  return accounts;
}

std::unique_ptr<alice::JobService> make_desk(const std::string& folder, const Json& settings) {
  alice::JobDeskSettings desk;
  desk.data_directory = folder + "/data";
  desk.images_directory = folder;
  desk.workers.arguments = settings.at("desk").get<std::vector<std::string>>();
  desk.queue_size = settings.value("queue_size", desk.queue_size);
  return std::make_unique<alice::JobDesk>(desk);
}

alice::FrontFacts facts_of(const std::string& folder) {
  alice::FrontFacts facts;
  facts.models_directory = folder + "/models";
  return facts;
}

std::unique_ptr<alice::JobService> make_service(const std::string& folder, const Json& settings) {
  if (settings.contains("desk")) return make_desk(folder, settings);
  alice::FakeServiceOptions options;
  options.pictures_folder = folder;
  options.queue_size = settings.value("queue_size", options.queue_size);
  options.has_worker = settings.value("has_worker", true);
  options.blocked_words = settings.value("blocked_words", options.blocked_words);
  options.reload_refused = settings.value("reload_refused", "");
  options.step_time = std::chrono::milliseconds(settings.value("step_ms", 1));
  return std::make_unique<alice::FakeJobService>(options);
}

int serve(const std::string& folder, const Json& settings) {
  spdlog::set_level(settings.value("log", false) ? spdlog::level::info : spdlog::level::critical);
  const auto service = make_service(folder, settings);
  alice::HttpFront front(read_config(settings.value("server", Json::object()), folder), *service, facts_of(folder),
                         make_accounts(folder, settings));
  front.start();
  std::printf("port %lld\n", static_cast<long long>(front.port()));
  std::fflush(stdout);
  while (std::getchar() != EOF) {
  }
  front.close();
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return serve(argc > 1 ? argv[1] : ".", argc > 2 ? Json::parse(argv[2]) : Json::object());
  } catch (const std::exception& e) {
    std::fprintf(stderr, "http-test-server: %s\n", e.what());
    return 1;
  }
}
