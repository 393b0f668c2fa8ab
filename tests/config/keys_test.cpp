// What the configuration says of keys, and of who may reach the server.

#include <fstream>

#include "server/config/config_yaml.h"
#include "tests/config/config_folder.h"
#include "tests/support/catch.h"
#include "tests/support/errors.h"

using namespace alice;
using alice::test::ConfigFolder;
using alice::test::error_of;
using alice::test::says;

TEST_CASE("no key is asked for unless somebody says so") {
  ConfigFolder folder;
  const ServerConfig bare = folder.load("").server;
  CHECK_FALSE(bare.require_auth);
  CHECK(bare.api_key.empty());
  CHECK(bare.trusted_proxies.empty());
  CHECK(bare.signed_url_minutes == 60);
  CHECK(folder.load("server: {require_auth: true}\n").server.require_auth);
}

TEST_CASE("a key that is written is asked for, unless the same configuration says that it is not") {
  ConfigFolder folder;
  CHECK(folder.load("server: {api_key: secret-word}\n").server.require_auth);
  CHECK(folder.load("server: {api_key: secret-word}\n").warnings.empty());
  const Config open = folder.load("server: {api_key: secret-word, require_auth: false}\n");
  CHECK_FALSE(open.server.require_auth);
  REQUIRE(open.warnings.size() == 1);
  CHECK(says(open.warnings[0].sentence, "nobody is asked for server.api_key"));
  for (const char* none : {"null", "''"})
    CHECK_FALSE(folder.load(std::string("server: {api_key: ") + none + "}\n").server.require_auth);
}

TEST_CASE("a key that no header can bring is a fault, which does not repeat it") {
  ConfigFolder folder;
  for (const char* wrong : {"'secret word'", "\"secret\\nword\"", "31415926", "[secret-word]", "sécret-word"}) {
    const Error error = error_of([&] { folder.load(std::string("server:\n  api_key: ") + wrong + "\n"); });
    CHECK(error.code() == ErrorCode::bad_config);
    CHECK(error.place() == folder.file() + ":2:12");
    for (const char* part : {"secret", "sécret", "31415926"}) CHECK_FALSE(says(error.sentence(), part));
  }
}

TEST_CASE("the key is not shown with the rest of the configuration") {
  ConfigFolder folder;
  const std::string shown = config_yaml(folder.load("server: {api_key: secret-word}\n"));
  CHECK_FALSE(says(shown, "secret-word"));
  CHECK(says(shown, "api_key is a secret, and said at " + folder.file() + ":1:19"));
  CHECK(says(shown, "require_auth: true"));
}

TEST_CASE("beyond this machine nobody is served without a key") {
  ConfigFolder folder;
  folder.sources.is_for_server = true;
  for (const char* host : {"0.0.0.0", "'::'", "192.168.1.7", "'fd00::1'"}) {
    const std::string text = std::string("server:\n  host: ") + host + "\n";
    const Error error = error_of([&] { folder.load(text); });
    CHECK(error.code() == ErrorCode::bad_config);
    CHECK(error.place() == folder.file() + ":2:9");
    CHECK(says(error.sentence(), "server.require_auth: true"));
    const Config config = folder.load(text + "  require_auth: true\n");
    CHECK(config.server.require_auth);
    REQUIRE(config.warnings.size() == 1);
    CHECK(says(config.warnings[0].sentence, "plain HTTP"));
    CHECK(folder.load(text + "  require_auth: true\n  trusted_proxies: [10.0.0.1]\n").warnings.empty());
    CHECK(folder.load(text + "  api_key: secret-word\n").server.require_auth);
  }
  for (const char* host : {"127.0.0.1", "127.0.0.2", "'::1'", "localhost"})
    CHECK_NOTHROW(folder.load(std::string("server: {host: ") + host + "}\n"));

  folder.sources.is_for_server = false;  // a command that serves nobody
  CHECK_NOTHROW(folder.load("server: {host: 0.0.0.0}\n"));
}

TEST_CASE("trusted proxies are addresses and networks") {
  ConfigFolder folder;
  const auto proxies = folder.load("server: {trusted_proxies: [127.0.0.1, 10.0.0.0/8, 'fd00::/8']}\n").server;
  CHECK(proxies.trusted_proxies == std::vector<std::string>{"127.0.0.1", "10.0.0.0/8", "fd00::/8"});
  for (const char* wrong : {"localhost", "10.0.0.1/8", "10.0.0.0/33", "'*'"}) {
    const Error error = error_of([&] { folder.load(std::string("server: {trusted_proxies: [") + wrong + "]}\n"); });
    CHECK(error.place() == folder.file() + ":1:28");
    CHECK(says(error.sentence(), "must be an address, or a network such as 10.0.0.0/8"));
  }
  CHECK_THROWS(folder.load("server: {signed_url_minutes: 0}\n"));
}

TEST_CASE("how people come to be users, and how long they stay signed in") {
  ConfigFolder folder;
  const ServerConfig bare = folder.load("").server;
  CHECK(bare.registration_mode == RegistrationMode::off);
  CHECK(bare.session_timeout_s == 7 * 24 * 3600);
  using M = RegistrationMode;
  for (const auto& [word, mode] :
       {std::pair("off", M::off), std::pair("disabled", M::off), std::pair("invite", M::invite),
        std::pair("approval", M::approval), std::pair("open", M::open)})
    CHECK(folder.load(std::string("server: {registration_mode: ") + word + "}\n").server.registration_mode == mode);
  const Config config = folder.load("server: {registration_mode: invite, session_timeout_seconds: 900}\n");
  CHECK(config.server.session_timeout_s == 900);
  CHECK(config.warnings.empty());
  CHECK(folder.load("server: {session_timeout_seconds: 2h}\n").server.session_timeout_s == 7200);
  for (const char* wrong : {"registration_mode: everybody", "registration_mode: false", "session_timeout_seconds: 59",
                            "session_timeout_seconds: 2592001", "session_timeout_seconds: null"}) {
    const Error error = error_of([&] { folder.load(std::string("server:\n  ") + wrong + "\n"); });
    CHECK(error.code() == ErrorCode::bad_config);
    CHECK(says(error.place(), folder.file() + ":2:"));
  }
}

TEST_CASE("blocked words are said in the configuration and in a file, and count when block_nsfw is true") {
  ConfigFolder folder;
  CHECK_FALSE(folder.load("").server.block_nsfw);
  std::ofstream(folder.folder / "words.txt") << "# a remark\n\n  one\r\ntwo words  \n";
  const Config config = folder.load(
      "server: {block_nsfw: true, blocked_words: [three], blocked_words_file: words.txt}\n");
  CHECK(config.server.blocked_words == std::vector<std::string>{"three", "one", "two words"});
  CHECK(config.warnings.empty());
  const Config off = folder.load("server: {blocked_words: [three]}\n");
  REQUIRE(off.warnings.size() == 1);
  CHECK(says(off.warnings[0].sentence, "has no effect"));
  const Error error = error_of([&] { folder.load("server:\n  blocked_words_file: none.txt\n"); });
  CHECK(error.place() == folder.file() + ":2:23");
  CHECK(says(error.sentence(), "none.txt"));
}
