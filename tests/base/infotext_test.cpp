#include "core/base/infotext.h"

#include "core/base/lora_tags.h"
#include "tests/support/catch.h"
#include "tests/support/errors.h"

using namespace alice;
using alice::test::error_of;
using alice::test::says;

namespace {

Recipe recipe() {
  Recipe r;
  r.request.model = "sd/tiny";
  r.request.prompt = "a cat, sitting";
  r.request.negative_prompt = "blurry";
  r.request.steps = 20;
  r.request.guidance_scale = 7.5;
  r.request.width = 512;
  r.request.height = 768;
  r.request.seed = 0;
  r.request.scheduler = "some_sampler";
  return r;
}

Json request_json(const Recipe& recipe) { return write_generate_request(recipe.request); }

}  // namespace

TEST_CASE("settings stand in the order that other readers expect") {
  Recipe r = recipe();
  r.model_sha256 = "0123456789abcdef";
  r.version = "1.2.3";
  CHECK(write_infotext(r) ==
        "a cat, sitting\n"
        "Negative prompt: blurry\n"
        "Steps: 20, Sampler: some_sampler, CFG scale: 7.5, Seed: 0, Size: 512x768, Model hash: 0123456789, Model: "
        "sd/tiny, RNG: CPU, Version: ALICE 1.2.3");
}

TEST_CASE("what is absent is left out") { CHECK(write_infotext(Recipe()) == "\nRNG: CPU"); }

TEST_CASE("the sampler is told by its display name, and by options beyond it") {
  Recipe r = recipe();
  r.sampler = "Some Sampler Karras";
  r.schedule_type = "Karras";
  r.further_options = {{"eta", 0.5}};
  const std::string text = write_infotext(r);
  CHECK(says(text, "Sampler: Some Sampler Karras, "));
  CHECK(says(text, R"(Schedule type: Karras, Scheduler options: "{\"eta\":0.5}", )"));
}

TEST_CASE("LoRAs stand as tags behind the prompt, and read back the same") {
  Recipe r = recipe();
  r.request.loras = {{"a b", 0.1}, {"c", -2, 0.5}};
  const std::string text = write_infotext(r);
  std::string prompt = text.substr(0, text.find('\n'));
  CHECK(prompt == "a cat, sitting <lora:a b:0.1> <lora:c:0.5:-2>");
  std::vector<LoraUse> loras;
  Faults faults;
  take_lora_tags(prompt, loras, faults);
  CHECK(prompt == r.request.prompt);
  REQUIRE(loras.size() == 2);
  CHECK(loras[0].strength == 0.1);
  CHECK(loras[1].strength == -2);
  CHECK(loras[1].text_encoder_strength == 0.5);
}

TEST_CASE("files that are not the model's are told with the first ten digits of their hashes") {
  Recipe r = recipe();
  r.request.loras = {{"hats", 1}, {"coats", 1}};
  r.lora_sha256 = {"aaaaaaaaaa11", "bbbbbbbbbb22"};
  r.parts["vae"] = {"", Json::object(), "other.safetensors", "cccccccccc33"};
  CHECK(says(write_infotext(r),
             "VAE hash: cccccccccc, VAE: other.safetensors, Lora hashes: \"hats: aaaaaaaaaa, coats: bbbbbbbbbb\""));
}

TEST_CASE("what was left out of the work is told, and only that") {
  Recipe r = recipe();
  r.request.guidance_start = 0;
  r.request.guidance_end = 0.8;
  r.request.deepcache_interval = 2;
  r.request.token_merging_ratio = 0.5;
  const std::string text = write_infotext(r);
  CHECK(says(text, "Guidance end: 0.8, DeepCache interval: 2, Token merging ratio: 0.5, RNG: CPU"));
  CHECK_FALSE(says(text, "Guidance start"));
  r.request.guidance_end = 1, r.request.deepcache_interval = 1, r.request.token_merging_ratio = 0;
  CHECK(write_infotext(r) == write_infotext(recipe()));
}

TEST_CASE("clip skip is counted from one, and values that could mislead are quoted") {
  Recipe r = recipe();
  r.request.clip_skip = 1;
  r.request.guidance_rescale = 0.7;
  r.request.model = "sd/a: b, \"c\"";
  CHECK(says(write_infotext(r), R"(Model: "sd/a: b, \"c\"", Clip skip: 2, Guidance rescale: 0.7, RNG: CPU)"));
}

TEST_CASE("what is written is read back") {
  Recipe r = recipe();
  r.request.prompt = "a cat, sitting\non Steps: 3, of stone";
  r.request.prompt_style = PromptStyle::comfyui;
  r.request.model = "sd/a: b, \"c\"";
  r.request.clip_skip = 2;
  r.request.guidance_rescale = 0.7;
  r.request.guidance_start = 0;
  r.request.guidance_end = 0.8;
  r.request.deepcache_interval = 3;
  r.request.token_merging_ratio = 0.25;
  r.request.loras = {{"hats", 0.5}};
  r.lora_sha256 = {"aaaaaaaaaa"};
  r.further_options = r.request.scheduler_options = {{"eta", 0.5}, {"spacing", "trailing"}};
  r.model_sha256 = "0123456789";
  r.parts["vae"] = {"", Json::object(), "other.safetensors", "cccccccccc"};
  const Recipe read = read_infotext(write_infotext(r), "x.png");
  CHECK(request_json(read) == request_json(r));
  CHECK(read.model_sha256 == r.model_sha256);
  CHECK(read.lora_sha256 == r.lora_sha256);
  CHECK(read.parts.at("vae").source == "other.safetensors");
  r.request.prompt = "";
  CHECK(request_json(read_infotext(write_infotext(r), "x.png")) == request_json(r));
}

TEST_CASE("a text that names no prompt style is A1111's own, or of an ALICE before there were any") {
  const auto style = [](const std::string& text) { return read_infotext(text, "x.png").request.prompt_style; };
  CHECK(style("a (cat)\nSteps: 20, Seed: 1, Version: v1.10.1") == PromptStyle::a1111);
  CHECK(style("a (cat)\nSteps: 20, Seed: 1") == PromptStyle::a1111);
  CHECK(style("a (cat)\nSteps: 20, Seed: 1, RNG: CPU, Version: ALICE 0.1.0") == PromptStyle::plain);
  CHECK(style("a (cat)\nSteps: 20, Prompt style: a1111, Version: ALICE 0.1.0") == PromptStyle::a1111);
}

TEST_CASE("an empty negative prompt is another thing than none") {
  Recipe r = recipe();
  r.request.negative_prompt = "";
  CHECK(read_infotext(write_infotext(r), "x.png").request.negative_prompt == "");
  r.request.negative_prompt.reset();
  CHECK_FALSE(says(write_infotext(r), "Negative"));
  CHECK_FALSE(read_infotext(write_infotext(r), "x.png").request.negative_prompt.has_value());
}

TEST_CASE("what the web UI writes is read: old and new names of a schedule, pairs that mean nothing here") {
  const auto scheduler = [](const std::string& pairs) {
    return read_infotext("a cat\nSteps: 20, " + pairs + ", CFG scale: 7, Seed: 1, Size: 512x512", "x.png")
        .request.scheduler;
  };
  CHECK(scheduler("Sampler: DPM++ 2M Karras") == "DPM++ 2M Karras");
  CHECK(scheduler("Sampler: DPM++ 2M, Schedule type: Karras") == "DPM++ 2M Karras");
  CHECK(scheduler("Sampler: DPM++ 2M Karras, Schedule type: Karras") == "DPM++ 2M Karras");
  CHECK(scheduler("Sampler: Euler a, Schedule type: Automatic") == "Euler a");
  const Recipe read = read_infotext(
      "masterpiece\nNegative prompt: bad,\nworse\nSteps: 28, Sampler: Euler a, CFG scale: 7, Seed: 12, Size: 512x768, "
      "Model hash: 6ce0161689, Model: v1-5-pruned-emaonly, Clip skip: 2, Hires upscale: 2, Version: v1.10.1",
      "x.png");
  CHECK(read.request.negative_prompt == "bad,\nworse");
  CHECK(read.request.model == "v1-5-pruned-emaonly");
  CHECK(read.request.clip_skip == 1);
  CHECK(read.request.height == 768);
}

TEST_CASE("a text that holds no settings, or wrong ones, is refused with its place") {
  CHECK(says(error_of([] { read_infotext("just a prompt", "x.png"); }).what(), "x.png: has no line of settings"));
  CHECK(says(error_of([] { read_infotext("a cat\nSteps: many, Seed: 1", "x.png"); }).what(), "steps"));
}

TEST_CASE("the words of a text stand as they are, wrong ones too, and there are none without settings") {
  const auto words = infotext_words("a cat\nNegative prompt: dogs\nSteps: many, Seed: 1, Lora hashes: \"a: 1, b: 2\"");
  CHECK(words.at("Prompt") == "a cat");
  CHECK(words.at("Negative prompt") == "dogs");
  CHECK(words.at("Steps") == "many");
  CHECK(words.at("Lora hashes") == "a: 1, b: 2");
  CHECK(infotext_words("just a prompt").empty());
}
