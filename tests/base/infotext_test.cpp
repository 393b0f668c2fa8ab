#include "core/base/infotext.h"

#include "core/base/lora_tags.h"
#include "tests/support/catch.h"

using namespace alice;

namespace {

GenerateRequest request() {
  GenerateRequest r;
  r.model = "sd/tiny";
  r.prompt = "a cat, sitting";
  r.negative_prompt = "blurry";
  r.steps = 20;
  r.guidance_scale = 7.5;
  r.width = 512;
  r.height = 768;
  r.seed = 0;
  r.scheduler = "some_sampler";
  return r;
}

}  // namespace

TEST_CASE("settings stand in the order that other readers expect") {
  CHECK(write_infotext(request(), "0123456789") ==
        "a cat, sitting\n"
        "Negative prompt: blurry\n"
        "Steps: 20, Sampler: some_sampler, CFG scale: 7.5, Seed: 0, Size: 512x768, Model hash: 0123456789, Model: "
        "sd/tiny, RNG: CPU");
}

TEST_CASE("what is absent is left out") { CHECK(write_infotext(GenerateRequest()) == "\nRNG: CPU"); }

TEST_CASE("LoRAs stand as tags behind the prompt, and read back the same") {
  GenerateRequest r = request();
  r.loras = {{"a b", 0.1}, {"c", -2}};
  const std::string text = write_infotext(r);
  std::string prompt = text.substr(0, text.find('\n'));
  CHECK(prompt == "a cat, sitting <lora:a b:0.1> <lora:c:-2>");
  std::vector<LoraUse> loras;
  Faults faults;
  take_lora_tags(prompt, loras, faults);
  CHECK(prompt == r.prompt);
  REQUIRE(loras.size() == 2);
  CHECK(loras[0].strength == 0.1);
}

TEST_CASE("what was left out of the work is told, and only that") {
  GenerateRequest r = request();
  r.guidance_start = 0;
  r.guidance_end = 0.8;
  r.deepcache_interval = 2;
  r.token_merging_ratio = 0.5;
  const std::string text = write_infotext(r);
  CHECK(text.find("Guidance end: 0.8, DeepCache interval: 2, Token merging ratio: 0.5, RNG: CPU") != std::string::npos);
  CHECK(text.find("Guidance start") == std::string::npos);
  r.guidance_end = 1, r.deepcache_interval = 1, r.token_merging_ratio = 0;
  CHECK(write_infotext(r) == write_infotext(request()));
}

TEST_CASE("clip skip is counted from one, and values that could mislead are quoted") {
  GenerateRequest r = request();
  r.clip_skip = 1;
  r.guidance_rescale = 0.7;
  r.model = "sd/a: b, \"c\"";
  const std::string text = write_infotext(r);
  CHECK(text.find(R"(Model: "sd/a: b, \"c\"", Clip skip: 2, Guidance rescale: 0.7, RNG: CPU)") != std::string::npos);
}
