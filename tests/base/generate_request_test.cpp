#include "core/base/generate_request.h"

#include <algorithm>

#include "core/base/request_fields.h"
#include "tests/support/errors.h"

using namespace alice;
using namespace alice::test;

TEST_CASE("an empty request has the general defaults, and no seed") {
  const GenerateRequest request = read_generate_request(Json::object());
  CHECK(request.n == 1);
  CHECK_FALSE(request.clip_skip.has_value());
  CHECK_FALSE(request.negative_prompt.has_value());
  CHECK_FALSE(request.seed.has_value());
  CHECK_FALSE(request.steps.has_value());
  CHECK(request.loras.empty());
  CHECK(request.scheduler_options == Json::object());
}

TEST_CASE("zero is a seed") { CHECK(read_generate_request({{"seed", 0}}).seed == 0); }

TEST_CASE("a seed of -1 is to be drawn, as an absent one") {
  CHECK_FALSE(read_generate_request({{"seed", -1}}).seed.has_value());
  CHECK_FALSE(read_generate_request({{"seed", -1.0}}).seed.has_value());
  CHECK_THROWS_AS(read_generate_request({{"seed", -2}}), Error);
}

TEST_CASE("other tools' names lead to fields that there are, and are no fields themselves") {
  for (const FieldAlias& alias : generate_aliases()) {
    const auto is_field = [](const std::string& name) {
      const auto& specs = generate_options().specs();
      return std::any_of(specs.begin(), specs.end(), [&](const OptionSpec& spec) { return spec.name == name; });
    };
    CHECK(is_field(alias.field));
    CHECK_FALSE(is_field(alias.name));
  }
}

TEST_CASE("a whole request is read, and what is written reads back the same") {
  const Json json = {
      {"model", "sd/x"},
      {"prompt", "a cat"},
      {"negative_prompt", "a dog"},
      {"prompt_style", "comfyui"},
      {"steps", 20},
      {"guidance_scale", 7.5},
      {"guidance_rescale", 0.7},
      {"guidance_start", 0.1},
      {"guidance_end", 0.8},
      {"deepcache_interval", 3},
      {"token_merging_ratio", 0.5},
      {"clip_skip", 1},
      {"width", 512},
      {"height", 768},
      {"seed", 9007199254740991},
      {"n", 4},
      {"output_format", "webp"},
      {"output_quality", 80},
      {"prompt_2", "a tiger"},
      {"negative_prompt_2", "a wolf"},
      {"original_size", "1024x768"},
      {"crop", "0,128"},
      {"target_size", "512x512"},
      {"negative_original_size", "256x256"},
      {"negative_crop", "8,8"},
      {"negative_target_size", "64x64"},
      {"aesthetic_score", 7.5},
      {"negative_aesthetic_score", 1.5},
      {"refiner", "sd/finer"},
      {"refiner_start", 0.7},
      {"strength", 0.5},
      {"resize", "crop"},
      {"fit", true},
      {"extend_left", 8},
      {"extend_top", 0},
      {"extend_right", 16},
      {"extend_bottom", 4096},
      {"image_guidance_scale", 1.5},
      {"mask_from", "alpha"},
      {"mask_invert", true},
      {"mask_blur", 4.5},
      {"masked_content", "noise"},
      {"only_masked", true},
      {"only_masked_padding", 16},
      {"paste_back", false},
      {"image", {{"sha256", std::string(64, 'a')}}},
      {"mask", {{"sha256", std::string(64, '0')}}},
      {"scheduler", "any"},
      {"scheduler_options", {{"eta", 0.5}}},
      {"loras",
       {{{"name", "a"}, {"strength", -0.25}}, {{"name", "b"}, {"strength", 1.0}, {"text_encoder_strength", 0.5}}}}};
  const GenerateRequest request = read_generate_request(json);
  CHECK(request.height == 768);
  CHECK(request.seed == 9007199254740991);
  CHECK(request.loras[0].strength == -0.25);
  CHECK_FALSE(request.loras[0].text_encoder_strength);
  CHECK(request.loras[1].text_encoder_strength == 0.5);
  CHECK(request.scheduler_options["eta"] == 0.5);
  CHECK(write_generate_request(request) == json);
}

TEST_CASE("an absent value is written as null and read as absent") {
  const Json written = write_generate_request(GenerateRequest());
  CHECK(written["seed"].is_null());
  CHECK(write_generate_request(read_generate_request(written)) == written);
  CHECK(written["negative_prompt"].is_null());
  const Json empty = write_generate_request(read_generate_request({{"negative_prompt", ""}, {"clip_skip", 0}}));
  CHECK(empty["negative_prompt"] == "");
  CHECK(empty["clip_skip"] == 0);
  CHECK(write_generate_request(read_generate_request(empty)) == empty);
}

TEST_CASE("a LoRA may be named by its name alone") {
  const GenerateRequest request = read_generate_request({{"loras", {"a", {{"name", "b"}}}}});
  REQUIRE(request.loras.size() == 2);
  CHECK(request.loras[0].name == "a");
  CHECK(request.loras[1].strength == 1);
}

TEST_CASE("a picture that a request is made from is named by its hash, and by nothing else") {
  const std::string hash = std::string(32, '0') + std::string(32, 'f');
  CHECK(read_generate_request({{"image", {{"sha256", hash}}}}).image->sha256 == hash);
  CHECK_FALSE(read_generate_request({{"image", nullptr}}).image.has_value());
  for (const std::string& text : {std::string(), std::string(64, 'A'), std::string(63, 'a'), std::string(65, 'a'),
                                  "../" + std::string(61, 'a'), std::string(63, 'a') + "g"}) {
    INFO(text);
    CHECK(error_of([&] { read_generate_request({{"image", {{"sha256", text}}}}); }).place() == "/image/sha256");
  }
  CHECK(error_of([] { read_generate_request({{"mask", "a.png"}}); }).place() == "/mask");
  const Json with_path = {{"sha256", hash}, {"path", "/etc/passwd"}};
  CHECK(error_of([&] { read_generate_request({{"image", with_path}}); }).place() == "/image/path");
}

TEST_CASE("null stands for no LoRAs and no options") {
  const GenerateRequest request = read_generate_request({{"loras", nullptr}, {"scheduler_options", nullptr}});
  CHECK(request.loras.empty());
  CHECK(request.scheduler_options == Json::object());
}

TEST_CASE("the edges of every range are allowed, and what lies beyond is a fault") {
  struct Edge {
    const char* name;
    Json low, high, below, above;
  };
  const Edge edges[] = {{"steps", 1, 1000, 0, 1001},
                        {"guidance_scale", 0, 100, -0.1, 100.1},
                        {"guidance_rescale", 0, 1, -0.1, 1.1},
                        {"guidance_start", 0, 1, -0.1, 1.1},
                        {"guidance_end", 0, 1, -0.1, 1.1},
                        {"deepcache_interval", 1, 10, 0, 11},
                        {"token_merging_ratio", 0, 0.75, -0.1, 0.8},
                        {"clip_skip", 0, 100, -1, 101},
                        {"width", 8, 8192, 7, 8193},
                        {"height", 8, 8192, 7, 8193},
                        {"strength", 0, 1, -0.1, 1.1},
                        {"mask_blur", 0, 64, -0.1, 64.1},
                        {"only_masked_padding", 0, 1024, -1, 1025},
                        {"extend_left", 0, 4096, -1, 4097},
                        {"extend_top", 0, 4096, -1, 4097},
                        {"extend_right", 0, 4096, -1, 4097},
                        {"extend_bottom", 0, 4096, -1, 4097},
                        {"image_guidance_scale", 1, 100, 0.9, 100.1},
                        {"seed", -1, 9007199254740991, -2, 9007199254740992},
                        {"n", 1, 100, 0, 101}};
  for (const Edge& edge : edges) {
    INFO(edge.name);
    CHECK_NOTHROW(read_generate_request({{edge.name, edge.low}}));
    CHECK_NOTHROW(read_generate_request({{edge.name, edge.high}}));
    for (const Json& bad : {edge.below, edge.above}) {
      const Error error = error_of([&] { read_generate_request({{edge.name, bad}}); });
      CHECK(error.code() == ErrorCode::bad_request);
      CHECK(error.place() == std::string("/") + edge.name);
    }
  }
}

TEST_CASE("every fault of a request is told at once, with its place") {
  const Error error = error_of([] {
    read_generate_request({{"stepps", 20},
                           {"width", "wide"},
                           {"scheduler_options", 3},
                           {"loras",
                            {5,
                             nullptr,
                             "",
                             {{"name", "a"}, {"strength", "x"}},
                             {{"nam", "a"}},
                             {{"name", "a"}, {"strength", "NaN"}},
                             {{"name", "a"}, {"strength", "Infinity"}}}}});
  });
  for (const char* part :
       {"/stepps: 'stepps' is not an option here (did you mean 'steps'?)", "/width: must be an integer",
        "/scheduler_options: must be", "/loras/0: must be an object", "/loras/1: must be a LoRA's name",
        "/loras/2: names no LoRA", "/loras/3/strength: must be a number", "/loras/4/nam: 'nam' is not",
        "/loras/4: names no LoRA", "/loras/5/strength: must be a number", "/loras/6/strength: must be finite"}) {
    INFO(part);
    CHECK(says(error.sentence(), part));
  }
}

TEST_CASE("a near miss of a structure's name is known too") {
  CHECK(says(error_of([] { read_generate_request({{"lora", Json::array()}}); }).sentence(), "did you mean 'loras'?"));
}

TEST_CASE("a request that is no object, and LoRAs that are no list, are faults") {
  CHECK(says(error_of([] { read_generate_request(Json::array()); }).sentence(), "must be an object"));
  CHECK(error_of([] { read_generate_request({{"loras", "a"}}); }).place() == "/loras");
}

TEST_CASE("a scheduler option that is an object or a list of lists is a fault with its place") {
  for (const Json& value : {Json::object(), Json{{"a", 1}}, Json{{1, 2}, {3}}}) {
    const Error error = error_of([&] { read_generate_request({{"scheduler_options", {{"eta", value}}}}); });
    CHECK(error.code() == ErrorCode::bad_request);
    CHECK(error.place() == "/scheduler_options/eta");
  }
  CHECK(read_generate_request({{"scheduler_options", {{"sigmas", {3, 2, 1}}}}}).scheduler_options.size() == 1);
}
