// The HTTP front over the fake service, as a program: for tests that speak to it over sockets. Prints "port N" when it
// answers, and ends when its standard input does.
//
// Usage: http-test-server FOLDER ['{"server": {..}, "queue_size": 3, "has_worker": false, "step_ms": 5}']

#include <spdlog/spdlog.h>

#include <cstdio>
#include <exception>
#include <string>

#include "server/front/http/http_front.h"
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
  config.model_aliases = settings.value("model_aliases", config.model_aliases);
  const Json quality = settings.value("quality", Json::object());
  for (const auto& [word, said] : quality.items())
    config.quality[word] = alice::read_generate_request(said);
  config.request_timeout_s = settings.value("request_timeout_s", config.request_timeout_s);
  return config;
}

int serve(const std::string& folder, const Json& settings) {
  spdlog::set_level(settings.value("log", false) ? spdlog::level::info : spdlog::level::critical);
  alice::FakeServiceOptions options;
  options.pictures_folder = folder;
  options.queue_size = settings.value("queue_size", options.queue_size);
  options.has_worker = settings.value("has_worker", true);
  options.reload_refused = settings.value("reload_refused", "");
  options.step_time = std::chrono::milliseconds(settings.value("step_ms", 1));
  alice::FakeJobService service(options);
  alice::HttpFront front(read_config(settings.value("server", Json::object()), folder), service, {});
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
