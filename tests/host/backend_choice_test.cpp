// Which backend `auto` takes, from what plugins say of themselves and what a model's files say of its pictures.

#include "core/host/backend_choice.h"

#include <algorithm>
#include <map>

#include "core/api/backend.h"
#include "core/api/quickness.h"
#include "tests/host/models.h"
#include "tests/support/catch.h"

namespace alice::test {
namespace {

double times_of(const Backend& backend) {
  const auto* stated = static_cast<const Quickness*>(backend.extension(kQuickness));
  return stated ? stated->times : 1;
}

Json losses(double decibels) { return Json{{"bfloat16", {{"psnr_db", decibels}}}}; }

BackendChoice chosen(const Json& losses, const HostConfig& config = {}) {
  return choose_backend(*built_in_registry(), config, config.default_backend, "here", losses);
}

TEST_CASE("auto takes the backend that says it is the quickest, in float32") {
  const BackendChoice choice = chosen(nullptr);
  const auto backend = choice.make();
  CHECK(backend->dtype() == at::kFloat);
  for (const BackendFactory* factory : built_in_registry()->of<BackendFactory>().all())
    CHECK(times_of(*backend) >= times_of(*factory->create({})));
  CHECK(choice.why.find("auto: the quickest here") != std::string::npos);
  CHECK(choice.why.find("state no loss in bfloat16") != std::string::npos);
}

TEST_CASE("auto takes bfloat16 for a model whose files say that its pictures stay as good as the same") {
  const BackendChoice choice = chosen(losses(49.1));
  const auto backend = choice.make();
  CHECK(choice.why.find("bfloat16") != std::string::npos);
  if (backend->dtype() == at::kFloat)
    CHECK(choice.why.find("cannot compute in bfloat16 here") != std::string::npos);
  else
    CHECK(choice.why.find("49 dB") != std::string::npos);
  CHECK((choice.key != chosen(nullptr).key) == (backend->dtype() != at::kFloat));
}

TEST_CASE("auto keeps float32 for a model that loses more, or says nothing that can be read") {
  for (const Json& statement : {losses(39), Json{{"bfloat16", "little"}}, Json{{"int8", {{"psnr_db", 60}}}}, Json(3)}) {
    CAPTURE(statement.dump());
    CHECK(chosen(statement).make()->dtype() == at::kFloat);
  }
}

TEST_CASE("a backend that the configuration names is taken, whatever a model's files say") {
  HostConfig config;
  const std::string id = built_in_registry()->of<BackendFactory>().all().front()->info().id;
  config.backends["mine"] = {id, Json{{"dtype", "float32"}}, json_places("backends.mine")};
  config.default_backend = "mine";
  const BackendChoice choice = chosen(losses(60), config);
  CHECK(choice.name == "mine");
  CHECK(choice.factory->info().id == id);
  CHECK(choice.make()->dtype() == at::kFloat);
  CHECK(choice.origin == "here");
}

TEST_CASE("checks compute with the plain kernels, unless a backend is named") {
  HostConfig config;
  prefer_plain_backend(*built_in_registry(), config);
  const auto backend = chosen(losses(60), config).make();
  CHECK(times_of(*backend) == 1);
  CHECK(backend->dtype() == at::kFloat);

  HostConfig named;
  named.backends["mine"] = {built_in_registry()->of<BackendFactory>().all().back()->info().id, nullptr,
                            json_places("there")};
  named.default_backend = "mine";
  prefer_plain_backend(*built_in_registry(), named);
  CHECK(named.default_backend == "mine");
}

TEST_CASE("config explain says which backend auto takes for a model, and why") {
  HostConfig config = golden_models();
  config.default_backend.clear();
  const Composer composer(config, built_in_registry());
  const auto blueprint = composer.blueprint(kFolderModel, false);
  const auto line = std::find_if(blueprint->explanation.begin(), blueprint->explanation.end(),
                                 [](const Explained& explained) { return explained.what == "backend"; });
  REQUIRE(line != blueprint->explanation.end());
  CHECK(line->value.find("auto") != std::string::npos);
  CHECK(line->value.find(blueprint->backend.name) != std::string::npos);
}

}  // namespace
}  // namespace alice::test
