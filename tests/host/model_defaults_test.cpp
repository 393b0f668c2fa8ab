#include "core/host/model_defaults.h"

#include "core/io/part_folder.h"
#include "tests/host/models.h"
#include "tests/support/errors.h"
#include "tests/support/temp_folder.h"

using namespace alice;
using namespace alice::test;

namespace {

/// The small model of the goldens, with `defaults` in its model_index.json.
void link_with_defaults(const TempFolder& models, const Json& defaults) {
  const auto golden = golden_models().models_directory / "tiny_sd15";
  Json index = read_json_object(golden / "model_index.json");
  index["_defaults"] = defaults;
  models.write("mine/model_index.json", dump_json(index));
  for (const auto& part : std::filesystem::directory_iterator(golden))
    if (part.is_directory())
      std::filesystem::create_directory_symlink(part.path(), models / ("mine/" + part.path().filename().string()));
}

Composer composer_of(const TempFolder& models, HostConfig config = {}) {
  config.models_directory = models.path();
  return Composer(config, built_in_registry());
}

}  // namespace

TEST_CASE("a model's own defaults stand below the configuration's and the request's") {
  const TempFolder models;
  link_with_defaults(models, {{"steps", 3}, {"guidance_scale", 2.5}, {"negative_prompt", "fog"}});
  HostConfig config;
  config.defaults.steps = 50;
  ModelConfig& mine = config.models["sd/mine"];
  mine.id = "sd/mine";
  mine.source = models / "mine";
  mine.defaults.guidance_scale = 9;
  Composer composer = composer_of(models, config);
  GenerateRequest request;
  request.model = "sd/mine";
  const Settings settings = composer.prepare(request, false).settings;
  CHECK(settings.steps == 3);
  CHECK(settings.guidance.scale == 9);
  CHECK(settings.negative_prompt == "fog");
  request.steps = 4;
  CHECK(composer.prepare(request, false).settings.steps == 4);
}

TEST_CASE("a model may say all that the configuration may say of it, and zero and the empty text overrule it") {
  const TempFolder models;
  link_with_defaults(models, {{"steps", 3},
                              {"clip_skip", 1},
                              {"negative_prompt", "fog"},
                              {"guidance_end", 0.5},
                              {"guidance_rescale", 0.7},
                              {"scheduler", "ddim"}});
  Composer composer = composer_of(models);
  GenerateRequest request;
  request.model = "sd/mine";
  const Settings usual = composer.prepare(request, false).settings;
  CHECK(usual.clip_skip == 1);
  CHECK(usual.guidance.end == 0.5);
  CHECK(usual.guidance.rescale == 0.7);
  request.clip_skip = 0;
  request.negative_prompt = "";
  request.guidance_rescale = 0;
  const Settings said = composer.prepare(request, false).settings;
  CHECK(said.clip_skip == 0);
  CHECK(said.negative_prompt == "");
  CHECK(said.guidance.rescale == 0);
  CHECK(said.guidance.end == 0.5);
  const GenerateRequest recorded = as_request(said, 1);
  CHECK(recorded.negative_prompt == "");
  CHECK(recorded.clip_skip == 0);

  HostConfig config;
  ModelConfig& mine = config.models["sd/mine"];
  mine.id = "sd/mine";
  mine.source = models / "mine";
  mine.defaults.clip_skip = 0;
  mine.defaults.negative_prompt = "";
  request = {};
  request.model = "sd/mine";
  const Settings configured = composer_of(models, config).prepare(request, false).settings;
  CHECK(configured.clip_skip == 0);
  CHECK(configured.negative_prompt == "");
}

TEST_CASE("a negative prompt that nobody said is none, not an empty one") {
  const TempFolder models;
  link_with_defaults(models, {{"steps", 3}});
  GenerateRequest request;
  request.model = "sd/mine";
  const Settings settings = composer_of(models).prepare(request, false).settings;
  CHECK_FALSE(settings.negative_prompt.has_value());
  CHECK_FALSE(as_request(settings, 1).negative_prompt.has_value());
}

TEST_CASE("a default that a model cannot have makes the model unusable, and all of them are named") {
  const TempFolder models;
  link_with_defaults(models, {{"stepz", 3}, {"prompt", "a cat"}, {"guidance_scale", "much"}});
  const Error error = error_of([&] { composer_of(models).compose("sd/mine", false); });
  CHECK(error.code() == ErrorCode::bad_weights);
  CHECK(says(error.what(), "_defaults: stepz"));
  CHECK(says(error.what(), "did you mean 'steps'?"));
  CHECK(says(error.what(), "_defaults: prompt"));
  CHECK(says(error.what(), "_defaults: guidance_scale"));
}
