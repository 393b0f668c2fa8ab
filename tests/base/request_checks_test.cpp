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
