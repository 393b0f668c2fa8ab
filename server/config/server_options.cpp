#include "server/config/server_options.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <map>

#include "core/base/network.h"

namespace alice {
namespace {

constexpr double kLongestTimeout = 7 * 24 * 3600;

bool is_address(const std::string& text) {
  std::array<unsigned char, sizeof(in6_addr)> address;
  return inet_pton(AF_INET, text.c_str(), address.data()) == 1 ||
         inet_pton(AF_INET6, text.c_str(), address.data()) == 1;
}

/// scheme://host or scheme://host:port, and nothing behind it: as browsers write an Origin.
bool is_origin(const std::string& text) {
  for (const std::string scheme : {"http://", "https://"})
    if (text.compare(0, scheme.size(), scheme) == 0)
      return text.size() > scheme.size() && text.find_first_of("/?# ", scheme.size()) == text.npos;
  return false;
}

bool is_network(const std::string& text) { return Network::from(text).has_value(); }

/// A word that a header can bring.
bool is_key(const std::string& text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < '\x7f'; });
}

bool is_host_name(const std::string& text) { return !text.empty() && text.find_first_of("/:?# @*") == text.npos; }

using Check = bool (*)(const std::string&);

void check_text(const ConfigNode& node, Check is_right, const char* expected, Faults& faults) {
  if (node.is_text() && !is_right(node.scalar.get<std::string>()))
    faults.add(node.place, std::string("must be ") + expected + ", got " + shown(node));
}

/// What is no list at all has been told by the table.
void check_texts(const ConfigNode& list, Check is_right, const char* expected, Faults& faults) {
  for (const ConfigNode& item : list.items) check_text(item, is_right, expected, faults);
}

}  // namespace

const Choices<RegistrationMode>& registration_modes() {
  using M = RegistrationMode;
  static const Choices<M> words = {{"off", M::off},
                                   {"disabled", M::off},  // as the original ALICE calls it
                                   {"invite", M::invite},
                                   {"approval", M::approval},
                                   {"open", M::open}};
  return words;
}

const OptionTable<ServerConfig>& server_options() {
  using S = ServerConfig;
  static const auto table =
      OptionTable<S>()
          .text("host", &S::host, "the address to listen on")
          .integer("port", &S::port, {0, 65535}, "the port to listen on; 0: any free one")
          .text("public_url", &S::public_url, "what picture URLs begin with")
          .text("allowed_hosts", &S::allowed_hosts, "names that the server may be called by")
          .text("cors_origins", &S::cors_origins, "pages of other sites that may call the server")
          .integer("max_connections", &S::max_connections, {1, 1e6}, "connections open at once")
          .integer("max_connections_per_address", &S::max_connections_per_address, {1, 1e6},
                   "connections open at once from one address")
          .number("max_body_mb", &S::max_body_mb, {0.001, 1024}, "the largest body of a request", "MiB")
          .number("read_timeout", &S::read_timeout_s, {1, kLongestTimeout},
                  "for a request to arrive, and for a kept connection to be idle", "seconds")
          .number("drain_timeout", &S::drain_timeout_s, {0, kLongestTimeout},
                  "how long running jobs may go on after SIGTERM", "seconds")
          .boolean("allow_plugin_reload", &S::allow_plugin_reload,
                   "may anybody POST /v1/plugins/reload while no key is asked for?")
          .boolean("require_auth", &S::require_auth, "is a key asked for?")
          .text("trusted_proxies", &S::trusted_proxies, "whose X-Forwarded-* count")
          .integer("requests_per_minute", &S::requests_per_minute, {0, 1e6},
                   "how often one key of level user may be used; 0: as often as it likes")
          .number("signed_url_minutes", &S::signed_url_minutes, {1, 60 * 24 * 30},
                  "how long a picture's URL can be fetched without a key", "minutes")
          .choice("registration_mode", &S::registration_mode, registration_modes(), "how people come to be users")
          .integer("session_timeout_seconds", &S::session_timeout_s, {60, 30 * 24 * 3600},
                   "a session that is not seen for so long has ended", "seconds")
          .boolean("block_nsfw", &S::block_nsfw, "are prompts with blocked words refused?")
          .text("blocked_words", &S::blocked_words, "words that no prompt may have, while block_nsfw is true")
          .text("blocked_words_file", &S::blocked_words_file, "a file of further ones, a line each");
  return table;
}

const OptionTable<ServerConfig>& job_options() {
  using S = ServerConfig;
  static const auto table =
      OptionTable<S>()
          .integer("queue_size", &S::queue_size, {1, 1e6}, "waiting jobs; more are refused")
          .number("step_timeout", &S::step_timeout_s, {0.1, kLongestTimeout},
                  "a worker that is silent for so long about its job is killed", "seconds")
          .integer("attempts", &S::job_attempts, {1, 100}, "a job that so many workers died of fails")
          .integer("waiting_per_owner", &S::waiting_per_owner, {0, 1e6},
                   "waiting jobs of one user, where keys are asked for; 0: any")
          .integer("pictures_per_day", &S::pictures_per_day, {0, 1e9},
                   "that one user may ask for within 24 hours, where keys are asked for; 0: any")
          .integer("max_record", &S::max_record, {0, 1e15}, "the largest record of a job's steps", "bytes");
  return table;
}

const OptionTable<ServerConfig>& storage_options() {
  using S = ServerConfig;
  static const auto table =
      OptionTable<S>()
          .integer("reserve", &S::reserve, {0, 1e15}, "what is kept free of each disk, at most", "bytes")
          .number("retention_days", &S::retention_days, {0, 36'500}, "older pictures go; 0: none does", "days")
          .number("max_storage_gb", &S::max_storage_gb, {0, 1e9},
                  "the oldest pictures go when all take more; 0: none does", "GB");
  return table;
}

const OptionTable<ServerConfig>& concurrency_options() {
  using S = ServerConfig;
  static const auto table =
      OptionTable<S>()
          .integer("max_concurrent", &S::workers, {1, 64}, "jobs at once, each in a worker process of its own")
          .number("max_seconds", &S::max_seconds, {0, kLongestTimeout},
                  "a job that would take longer, by its estimate, is refused; 0: any", "seconds")
          .number("request_timeout", &S::request_timeout_s, {0, kLongestTimeout},
                  "how long a request waits for its pictures; 0: as long as it takes", "seconds")
          .boolean("cancel_on_disconnect", &S::cancel_on_disconnect,
                   "is a job cancelled when the client that waits for it leaves?");
  return table;
}

void resolve_local_names(ConfigNode& server) {
  static const std::map<std::string, std::string> addresses = {
      // as Debian's /etc/hosts has them
      {"localhost", "127.0.0.1"},
      {"ip6-localhost", "::1"},
      {"ip6-loopback", "::1"}};
  for (auto& [key, place, value] : server.members) {
    if (key != "host" || !value.is_text()) continue;
    const auto found = addresses.find(value.scalar.get<std::string>());
    if (found != addresses.end()) value.scalar = found->second;
  }
}

std::string api_key_in(const ConfigNode& server, Faults& faults) {
  const auto* key = server.find(kApiKey);
  if (key == nullptr || key->value.is_null() || key->value.scalar == "") return "";
  if (key->value.is_text() && is_key(key->value.scalar.get<std::string>())) return key->value.scalar.get<std::string>();
  faults.add(key->value.place, "must be a word in quotes, of letters, digits and marks of ASCII without blanks");
  return "";
}

void check_server_values(const ConfigNode& server, Faults& faults) {
  for (const auto& [key, place, value] : server.members) {
    if (key == "host") check_text(value, is_address, "an address, such as 127.0.0.1 or 0.0.0.0", faults);
    if (key == "public_url" && value.scalar != "")
      check_text(value, is_origin, "a URL without a path, such as https://pictures.example", faults);
    if (key == "cors_origins") check_texts(value, is_origin, "an origin, such as https://app.example", faults);
    if (key == "trusted_proxies")
      check_texts(value, is_network, "an address, or a network such as 10.0.0.0/8", faults);
    if (key == "allowed_hosts") check_texts(value, is_host_name, "a host's name without port or path", faults);
  }
}

}  // namespace alice
