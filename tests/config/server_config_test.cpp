#include "server/config/server_config.h"

#include "tests/config/config_folder.h"
#include "tests/support/catch.h"
#include "tests/support/errors.h"

using namespace alice;
using alice::test::ConfigFolder;
using alice::test::error_of;
using alice::test::says;

TEST_CASE("without a word the server listens on this machine alone") {
  ConfigFolder folder;
  const ServerConfig server = folder.load("").server;
  CHECK(server.host == "127.0.0.1");
  CHECK(server.port == 8080);
  CHECK(server.cors_origins.empty());
}

TEST_CASE("every key of the server's sections is read, and its origin is known") {
  ConfigFolder folder;
  const Config config = folder.load(
      "server:\n  host: \"::1\"\n  port: 81\n  public_url: https://a.example\n  allowed_hosts: [a.example]\n"
      "  cors_origins: [http://b.example:3000]\n  max_connections: 9\n  max_connections_per_address: 8\n"
      "  max_body_mb: 0.5\n  read_timeout: 7\n  drain_timeout: 6\n"
      "jobs: {queue_size: 5, step_timeout: 4.5, attempts: 2}\n"
      "generation: {max_concurrent: 3, request_timeout: 2, cancel_on_disconnect: false}\n"
      "storage: {data_directory: d, images_directory: p}\n");
  const ServerConfig& server = config.server;
  CHECK(server.host == "::1");
  CHECK(server.port == 81);
  CHECK(server.public_url == "https://a.example");
  CHECK(server.allowed_hosts == std::vector<std::string>{"a.example"});
  CHECK(server.cors_origins == std::vector<std::string>{"http://b.example:3000"});
  CHECK(server.max_connections == 9);
  CHECK(server.max_connections_per_address == 8);
  CHECK(server.max_body_mb == 0.5);
  CHECK(server.read_timeout_s == 7);
  CHECK(server.drain_timeout_s == 6);
  CHECK(server.queue_size == 5);
  CHECK(server.step_timeout_s == 4.5);
  CHECK(server.job_attempts == 2);
  CHECK(server.workers == 3);
  CHECK(server.request_timeout_s == 2);
  CHECK_FALSE(server.cancel_on_disconnect);
  CHECK(server.data_directory == folder.folder / "d");
  CHECK(server.images_directory == folder.folder / "p");
  CHECK(config.origin("server.port") == folder.file() + ":3:9");
}

TEST_CASE("what is kept, and how much room is, is read in the units of people; nothing of jobs and pictures goes unasked") {
  ConfigFolder folder;
  const ServerConfig usual = folder.load("").server;
  for (const RetentionLimits* limits : {&usual.retained_jobs, &usual.retained_pictures})
    CHECK_FALSE((limits->max_age_s || limits->max_count || limits->max_size));
  CHECK(usual.retained_records.max_age_s == 7 * 86400.0);
  CHECK(usual.reserve == 256'000'000);
  CHECK(usual.max_record == 1'000'000'000);

  const ServerConfig server = folder
                                  .load("retention:\n  jobs: {max_age: 30d, max_count: 1000, max_size: 2GB}\n"
                                        "  pictures: {max_age: 12h, max_size: 20GB}\n  records: {max_age: null}\n"
                                        "storage: {reserve: 1GB}\njobs: {max_record: 100MB}\n")
                                  .server;
  CHECK(server.retained_jobs.max_age_s == 30 * 86400.0);
  CHECK(server.retained_jobs.max_count == 1000);
  CHECK(server.retained_jobs.max_size == 2'000'000'000);
  CHECK(server.retained_pictures.max_age_s == 12 * 3600.0);
  CHECK_FALSE(server.retained_pictures.max_count.has_value());
  CHECK_FALSE(server.retained_records.max_age_s.has_value());
  CHECK(server.reserve == 1'000'000'000);
  CHECK(server.max_record == 100'000'000);
}

TEST_CASE("what retention does not know is a fault at its place") {
  ConfigFolder folder;
  const Error error = error_of([&] { folder.load("retention:\n  picture: {}\n  jobs: {max_age: -1, days: 3}\n"); });
  CHECK(says(error.sentence(), "picture"));
  CHECK(says(error.sentence(), ":3:19"));
  CHECK(says(error.sentence(), "days"));
}

TEST_CASE("limits of a picture and of a job are read, of all models and of one") {
  ConfigFolder folder;
  const Config said = folder.load(
      "generation: {max_pixels: 1048576, max_seconds: 10m}\nmodels:\n  sd/a: {max_pixels: 0}\n  sd/b: {}\n");
  CHECK(said.host.max_pixels == 1048576);
  CHECK(said.origin("generation.max_pixels") == folder.file() + ":1:26");
  CHECK(said.host.models.at("sd/a").max_pixels == 0);
  CHECK_FALSE(said.host.models.at("sd/b").max_pixels.has_value());
  CHECK(said.server.max_seconds == 600);
  const Config silent = folder.load("generation: {max_pixels: null}\n");
  CHECK_FALSE(silent.host.max_pixels.has_value());
  CHECK(silent.server.max_seconds == 0);
  for (const char* wrong : {"generation: {max_pixels: -1}", "generation: {max_pixels: 512x512}",
                            "models: {sd/a: {max_pixels: many}}", "generation: {max_seconds: -1s}"}) {
    INFO(wrong);
    CHECK(error_of([&] { folder.load(wrong); }).code() == ErrorCode::bad_config);
  }
}

TEST_CASE("pictures lie in the data folder, which is systemd's, XDG's or the user's") {
  ConfigFolder folder;
  auto& environment = folder.sources.environment;
  environment["HOME"] = "/home/a";
  CHECK(folder.load("").server.data_directory == "/home/a/.local/share/alice");
  environment["XDG_DATA_HOME"] = "relative/is/not/honoured";
  CHECK(folder.load("").server.data_directory == "/home/a/.local/share/alice");
  environment["XDG_DATA_HOME"] = "/xdg";
  CHECK(folder.load("").server.data_directory == "/xdg/alice");
  environment["STATE_DIRECTORY"] = "/var/lib/alice:/var/lib/other";
  CHECK(folder.load("").server.images_directory == "/var/lib/alice/images");
  folder.sources.data_directory = "/said";
  CHECK(folder.load("").server.images_directory == "/said/images");
}

TEST_CASE("the command line and variables rule over the file") {
  ConfigFolder folder;
  folder.sources.environment["ALICE_HOST"] = "10.0.0.1";
  folder.sources.environment["ALICE_PORT"] = "82";
  folder.sources.environment["ALICE_CORS_ORIGINS"] = "http://a.example, http://b.example:1 ,";
  folder.sources.port = "83";
  const Config config = folder.load("server: {host: 0.0.0.0, port: 81, cors_origins: [http://c.example]}\n");
  CHECK(config.server.host == "10.0.0.1");
  CHECK(config.server.port == 83);
  CHECK(config.origin("server.port") == "--port");
  CHECK(config.server.cors_origins == std::vector<std::string>{"http://a.example", "http://b.example:1"});
}

TEST_CASE("what a server could not work with is a fault at its place, all at once") {
  struct Case {
    const char *text, *place, *sentence;
  };
  for (const Case& one : {Case{"server: {host: nowhere}", ":1:16", "must be an address"},
                          Case{"server: {port: 65536}", ":1:16", "from 0 to 65535"},
                          Case{"server: {port: eighty}", ":1:16", "must be an integer"},
                          Case{"server: {public_url: https://a/b}", ":1:22", "must be a URL without a path"},
                          Case{"server: {cors_origins: [a.example]}", ":1:25", "must be an origin"},
                          Case{"server: {cors_origins: ['*']}", ":1:25", "must be an origin"},
                          Case{"server: {allowed_hosts: ['a:1']}", ":1:26", "a host's name"},
                          Case{"server: {max_conections: 1}", ":1:10", "did you mean 'max_connections'"},
                          Case{"jobs: {queue_size: 0}", ":1:20", "from 1"},
                          Case{"jobs: {que_size: 1}", ":1:8", "did you mean 'queue_size'"},
                          Case{"storage: {data_directory: 1}", ":1:27", "must be a string"},
                          Case{"generation: {max_concurrent: 0}", ":1:30", "from 1"}}) {
    INFO(one.text);
    ConfigFolder folder;
    const Error error = error_of([&] { folder.load(one.text); });
    CHECK(error.code() == ErrorCode::bad_config);
    CHECK(error.place() == folder.file() + one.place);
    CHECK(says(error.sentence(), one.sentence));
  }
  ConfigFolder several;
  const Error both = error_of([&] { several.load("server: {host: nowhere, port: 65536}"); });
  CHECK(says(both.sentence(), "must be an address"));
  CHECK(says(both.sentence(), "from 0 to 65535"));
  ConfigFolder folder;
  folder.sources.port = "many";
  CHECK(error_of([&] { folder.load(""); }).place() == "--port");
}

TEST_CASE("a text in place of a list is told once") {
  ConfigFolder folder;
  const std::string sentence =
      error_of([&] { folder.load("server: {cors_origins: '*', allowed_hosts: 'a:1'}"); }).sentence();
  CHECK(says(sentence, "list"));
  CHECK_FALSE(says(sentence, "must be an origin"));
  CHECK_FALSE(says(sentence, "a host's name"));
}
