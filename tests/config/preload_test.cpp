// models.preload.

#include "tests/config/config_folder.h"
#include "tests/support/catch.h"
#include "tests/support/errors.h"

using namespace alice;
using alice::test::ConfigFolder;
using alice::test::error_of;
using alice::test::says;

namespace {

/// As `alice serve` and `alice check config` read it.
class ServingFolder : public ConfigFolder {
 public:
  ServingFolder() {
    sources.is_for_server = true;
    for (const char* name : {"a", "b", "c", "d", "e"})
      folder.write(std::string("models/") + name + "/model_index.json", "{}");
    folder.write("models/group/file.safetensors", "x");
  }
};

std::vector<std::string> names_of(const std::vector<PlacedName>& models) {
  std::vector<std::string> names;
  for (const PlacedName& model : models) names.push_back(model.name);
  return names;
}

}  // namespace

TEST_CASE("models to preload are read in their order, and none is the default") {
  ServingFolder folder;
  const Config config = folder.load("models: {directory: models, preload: [sd/b, sd/group/file, sd/a]}\n");
  CHECK(names_of(config.preload) == std::vector<std::string>{"sd/b", "sd/group/file", "sd/a"});
  CHECK(config.preload[1].place == folder.file() + ":1:45");
  CHECK(config.origin("models.preload") == folder.file() + ":1:38");
  CHECK(names_of(folder.load("models: {directory: models, preload: sd/a}\n").preload) ==
        std::vector<std::string>{"sd/a"});
  for (const char* none : {"models: {preload: []}\n", "models: {preload: null}\n", "{}\n"})
    CHECK(folder.load(none).preload.empty());
}

TEST_CASE("a stronger layer's list of models to preload takes the weaker one's place") {
  ServingFolder folder;
  folder.folder.write("etc/alice/config.yaml", "models: {directory: ../../models, preload: [sd/a, sd/b]}\n");
  folder.folder.write("home/.config/alice/config.yaml", "models: {preload: [sd/c]}\n");
  CHECK(names_of(folder.load().preload) == std::vector<std::string>{"sd/c"});
}

TEST_CASE("every fault of the models to preload is told at once, at its place") {
  ServingFolder folder;
  const Error error = error_of([&] {
    folder.load(
        "models:\n  directory: models\n  sd/named: {source: elsewhere}\n  preload:\n    - sd/named\n    - tiny\n"
        "    - sd/aa\n    - sd/named\n    - 5\n    - sd/\n");
  });
  CHECK(error.code() == ErrorCode::bad_config);
  for (const std::string fault :
       {":6:7: models.preload: 'tiny' is no model's id: those begin with sd/",
        ":7:7: models.preload: there is no model 'sd/aa' (did you mean 'sd/a'?)",
        ":8:7: models.preload: 'sd/named' stands twice in preload",
        ":9:7: models.preload: a model must be a string, got 5", ":10:7: models.preload: 'sd/' is no model's id"}) {
    INFO(error.what());
    CHECK(says(error.what(), fault));
  }
  CHECK(says(error.what(), "5 faults"));
  CHECK(says(error_of([&] { folder.load("models: {preload: {sd/a: 1}}\n"); }).sentence(), "list of model ids"));
}

TEST_CASE("a model to preload that is not there is a fault for the server alone: a model may go while workers run") {
  ServingFolder folder;
  folder.sources.is_for_server = false;
  CHECK(names_of(folder.load("models: {directory: models, preload: [sd/gone]}\n").preload) ==
        std::vector<std::string>{"sd/gone"});
}

TEST_CASE("more models to preload than a worker of their group keeps loaded are a fault") {
  ServingFolder folder;
  const std::string five = "models: {directory: models, preload: [sd/a, sd/b, sd/c, sd/d, sd/e]}\n";
  const Error error = error_of([&] { folder.load(five); });
  CHECK(error.place() == folder.file() + ":1:63");
  CHECK(error.sentence() ==
        "models.preload: a worker keeps 4 models loaded, and 'sd/e' is one more that those of the group 'default' are "
        "to preload");
  CHECK(folder.load(five + "workers: {apart: {models: [sd/b]}}\n").preload.size() == 5);
}
