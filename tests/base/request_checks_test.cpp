#include "core/base/request_checks.h"

#include "core/base/generation_defaults.h"
#include "core/base/lora_names.h"
#include "tests/support/errors.h"

using namespace alice;
using namespace alice::test;

namespace {

std::vector<std::string> places_of(const GenerateRequest& request, const RequestLimits& limits) {
  Faults faults;
  check_request(request, limits, faults);
  std::vector<std::string> places;
  for (const Fault& fault : faults.list()) places.push_back(fault.place);
  return places;
}

using Places = std::vector<std::string>;

}  // namespace

TEST_CASE("sides are multiples of what the model says, and the near ones are told") {
  GenerateRequest request;
  request.width = 63;
  request.height = 64;
  CHECK(places_of(request, {2, 0}) == Places{"/width"});
  Faults faults;
  check_request(request, {8, 0}, faults);
  CHECK(says(faults.list().at(0).sentence, "56 or 64"));
  CHECK(places_of(request, {}).empty());
}

TEST_CASE("clip_skip leaves at least one layer") {
  GenerateRequest request;
  request.clip_skip = 11;
  CHECK(places_of(request, {0, 12}).empty());
  request.clip_skip = 12;
  CHECK(places_of(request, {0, 12}) == Places{"/clip_skip"});
  CHECK(places_of(request, {0, 0}).empty());
}

TEST_CASE("guidance ends after it begins") {
  GenerateRequest request;
  request.guidance_start = 0.5;
  CHECK(places_of(request, {}).empty());
  request.guidance_end = 0.5;
  CHECK(places_of(request, {}) == Places{"/guidance_end"});
  request.guidance_start = 1;
  request.guidance_end.reset();
  CHECK(places_of(request, {}) == Places{"/guidance_start"});
}

TEST_CASE("what a request leaves open is the first default's that says it, and never another seed") {
  GenerateRequest request, model, general;
  request.steps = 3;
  model.steps = general.steps = 9;
  model.negative_prompt = "blurry";
  general.guidance_scale = 2;
  general.seed = 5;
  const GenerateRequest all =
      with_defaults(with_defaults(with_defaults(request, model), general), built_in_defaults(64));
  CHECK(all.steps == 3);
  CHECK(all.negative_prompt == "blurry");
  CHECK(all.guidance_scale == 2);
  CHECK(all.width == 64);
  CHECK(all.guidance_end == 1);
  CHECK_FALSE(all.seed.has_value());
}

TEST_CASE("a LoRA goes by its id, with or without its kind") {
  const std::vector<std::string> ids = {"night", "outline"};
  CHECK(lora_called("night", ids, "/loras") == "night");
  CHECK(lora_called("lora/night", ids, "/loras") == "night");
  const Error error = error_of([&] { lora_called("nigth", ids, "/loras"); });
  CHECK(error.code() == ErrorCode::not_found);
  CHECK(error.place() == "/loras");
  CHECK(says(error.sentence(), "did you mean 'night'?"));
  CHECK(says(error_of([&] { lora_called("x", {}, ""); }).sentence(), "there are none"));
}

TEST_CASE("a mask needs a picture, and a strength leaves a step to do") {
  GenerateRequest request;
  request.mask = PictureInput{std::string(64, 'a')};
  CHECK(places_of(request, {}) == Places{"/mask"});
  request.image = request.mask;
  request.steps = 20;
  request.strength = 0.05;
  CHECK(places_of(request, {}).empty());
  request.strength = 0.049;
  CHECK(places_of(request, {}) == Places{"/strength"});
  request.image.reset(), request.mask.reset();
  CHECK(places_of(request, {}).empty());
}

TEST_CASE("steps are counted as the reference counts them") {
  CHECK(steps_done(20, 0.75) == 15);
  CHECK(steps_done(20, 1) == 20);
  CHECK(steps_done(10, 0.04) == 0);
  CHECK(steps_done(10, 0.3) == 3);
}

TEST_CASE("what does not count is dropped, and told where somebody said it") {
  const auto dropped = [](GenerateRequest said, std::vector<std::string>& warnings) {
    GenerateRequest all = with_defaults(said, built_in_defaults(64));
    drop_what_does_not_count(all, said, warnings);
    return all;
  };
  std::vector<std::string> warnings;
  GenerateRequest request;
  request.prompt = "a cat", request.seed = 3;
  const GenerateRequest plain = dropped(request, warnings);
  CHECK(warnings.empty());
  CHECK_FALSE(plain.strength.has_value());
  CHECK_FALSE(plain.paste_back.has_value());
  CHECK(plain.steps == 25);
  CHECK(plain.seed == 3);

  request.strength = 0.5, request.mask_blur = 8;
  dropped(request, warnings);
  CHECK(warnings == Places{"/strength: has no effect without an image", "/mask_blur: has no effect without an image"});

  warnings.clear();
  request.image = PictureInput{std::string(64, 'a')};
  const GenerateRequest from_picture = dropped(request, warnings);
  CHECK(warnings == Places{"/mask_blur: has no effect without a mask"});
  CHECK(from_picture.strength == 0.5);
  CHECK(from_picture.resize == Resize::stretch);
  CHECK_FALSE(from_picture.mask_blur.has_value());

  warnings.clear();
  for (auto side : {&GenerateRequest::extend_left, &GenerateRequest::extend_bottom}) {
    GenerateRequest extended = request;
    extended.*side = 8;
    CHECK(has_mask(extended));
    CHECK(dropped(extended, warnings).mask_blur == 8);
  }
  request.mask_from = MaskFrom::alpha;
  CHECK(dropped(request, warnings).paste_back == true);
  CHECK(warnings.empty());
}
