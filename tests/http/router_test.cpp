#include "server/front/http/router.h"

#include "tests/support/catch.h"

using namespace alice;

namespace {

Router make_router() {
  const auto route = [](const char* method, const char* pattern) {
    return Route{method, pattern, Access::open, nullptr};
  };
  return Router({route("GET", "/v1/jobs"), route("POST", "/v1/jobs"), route("GET", "/v1/jobs/{id}/events"),
                 route("POST", "/v1/models/refresh"), route("GET", "/v1/models/{id...}")});
}

bool matches(const char* pattern, const char* path) {
  PathParams params;
  return match_path(pattern, path, params);
}

}  // namespace

TEST_CASE("a path fits its pattern segment by segment") {
  CHECK(matches("/health", "/health"));
  for (const char* path : {"", "/", "/healt", "/healthy", "/health/", "//health", "/Health", "health"})
    CHECK_FALSE(matches("/health", path));
}

TEST_CASE("a parameter is one segment and never empty") {
  PathParams params;
  REQUIRE(match_path("/v1/jobs/{id}/events", "/v1/jobs/a b/events", params));
  CHECK(params == PathParams{{"id", "a b"}});
  for (const char* path : {"/v1/jobs//events", "/v1/jobs/a/b/events", "/v1/jobs/events", "/v1/jobs/a/events/"})
    CHECK_FALSE(matches("/v1/jobs/{id}/events", path));
}

TEST_CASE("a tail takes slashes and is never empty") {
  PathParams params;
  REQUIRE(match_path("/v1/models/{id...}", "/v1/models/sd/emoji", params));
  CHECK(params == PathParams{{"id", "sd/emoji"}});
  CHECK_FALSE(matches("/v1/models/{id...}", "/v1/models/"));
  CHECK_FALSE(matches("/v1/models/{id...}", "/v1/models"));
}

TEST_CASE("GET answers HEAD, and other methods learn which there are") {
  const Router router = make_router();
  REQUIRE(router.match("HEAD", "/v1/jobs").route != nullptr);
  CHECK(router.match("HEAD", "/v1/jobs").route->method == "GET");
  const Match match = router.match("DELETE", "/v1/jobs");
  CHECK(match.route == nullptr);
  CHECK(match.pattern == "/v1/jobs");
  CHECK(match.allowed == std::vector<std::string>{"GET", "HEAD", "POST", "OPTIONS"});
}

TEST_CASE("an earlier pattern has its path to itself") {
  const Match match = make_router().match("GET", "/v1/models/refresh");
  CHECK(match.route == nullptr);
  CHECK(match.pattern == "/v1/models/refresh");
}

TEST_CASE("an unknown path has no pattern") { CHECK(make_router().match("GET", "/v1/nothing").pattern.empty()); }
