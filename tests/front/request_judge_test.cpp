#include "server/front/request_judge.h"

#include <functional>

#include "server/front/described_options.h"
#include "tests/support/errors.h"

using namespace alice;
using namespace alice::test;

namespace {

Json option(const char* name, const char* type, const Json& more) {
  Json spec = {{"name", name}, {"type", type}, {"help", ""}, {"default", nullptr}};
  spec.update(more);
  return spec;
}

/// One model of 64x64, two schedulers, one LoRA.
Json description() {
  const Json strength = option("strength", "number", {{"minimum", 0.0}, {"maximum", 10.0}});
  const Json kind = option("kind", "choice", {{"choices", Json::array({"sharp", "soft"})}});
  const Json model = {{"id", "sd/small"},
                      {"size_multiple", 2},
                      {"text_layers", 4},
                      {"defaults", {{"steps", 20}, {"scheduler", "plain"}, {"width", 64}, {"height", 64}}},
                      {"most_steps", {{"short", 50}}}};
  const Json plain = {{"id", "plain"},
                      {"aliases", Json::array({Json{{"name", "Plain Karras"}}})},
                      {"options", Json::array({strength, kind})}};
  const Json brief = {{"id", "short"}, {"aliases", Json::array()}, {"options", Json::array()}};
  return {{"models", Json::array({model})},
          {"loras", Json::array({Json{{"id", "night"}}})},
          {"noise_options", Json::array({option("beta_start", "number", {{"minimum", 0.0}})})},
          {"plugins", {{"kinds", {{"scheduler", Json::array({plain, brief})}}}}}};
}

Error judged(const std::function<void(GenerateRequest&)>& change) {
  GenerateRequest request;
  request.model = "sd/small";
  change(request);
  return error_of([&] { judge_request(request, description()); });
}

void passes(const std::function<void(GenerateRequest&)>& change, const Json& said = description()) {
  GenerateRequest request;
  request.model = "sd/small";
  change(request);
  CHECK_NOTHROW(judge_request(request, said));
}

}  // namespace

TEST_CASE("schedulers go by ids and aliases in any case; another name is refused with the nearest") {
  for (const char* name : {"", "plain", "PLAIN", "plain karras", "short"}) passes([&](auto& r) { r.scheduler = name; });
  const Error error = judged([](auto& r) { r.scheduler = "plian"; });
  CHECK(error.code() == ErrorCode::bad_request);
  CHECK(error.place() == "/scheduler");
  CHECK(error.sentence() == "there is no scheduler 'plian' (did you mean 'plain'?)");
}

TEST_CASE("a scheduler's options are the scheduler's and the noise schedule's") {
  passes([](auto& r) { r.scheduler_options = {{"strength", 10}, {"kind", "soft"}, {"beta_start", 0.1}}; });
  CHECK(judged([](auto& r) { r.scheduler_options = {{"strength", 11}}; }).place() == "/scheduler_options/strength");
  CHECK(judged([](auto& r) { r.scheduler_options = {{"beta_start", -1}}; }).place() == "/scheduler_options/beta_start");
  CHECK(says(judged([](auto& r) { r.scheduler_options = {{"kind", "sofd"}}; }).sentence(), "did you mean 'soft'?"));
  CHECK(says(judged([](auto& r) { r.scheduler_options = {{"strenght", 1}}; }).sentence(), "did you mean 'strength'?"));
  CHECK(judged([](auto& r) {
          r.scheduler = "short";
          r.scheduler_options = {{"strength", 1}};
        }).place() == "/scheduler_options/strength");
}

TEST_CASE("steps that a scheduler cannot take are refused unless its options may change that") {
  const auto ask = [](int64_t steps) {
    return [steps](GenerateRequest& request) {
      request.scheduler = "short";
      request.steps = steps;
    };
  };
  passes(ask(50));
  CHECK(judged(ask(51)).place() == "/steps");
  passes([](auto& r) { r.scheduler = "plain", r.steps = 51; });
  passes([&](auto& r) {
    ask(51)(r);
    r.scheduler_options = {{"beta_start", 0.1}};
  });
}

TEST_CASE("sizes and clip_skip are judged by the model, all faults at once") {
  const Error error = judged([](auto& r) { r.width = 63, r.height = 65, r.clip_skip = 4, r.scheduler = "none"; });
  for (const char* place : {"/width", "/height", "/clip_skip", "/scheduler"}) CHECK(says(error.sentence(), place));
  passes([](auto& r) { r.width = 62, r.height = 66, r.clip_skip = 3; });
}

TEST_CASE("LoRAs of the field and of the prompt must be there") {
  passes([](auto& r) { r.loras = {{"night", 1}, {"lora/night", 2}}, r.prompt = "a cat <lora:night:0.5>"; });
  const Error field = judged([](auto& r) { r.loras = {{"nigth", 1}}; });
  CHECK(field.code() == ErrorCode::not_found);
  CHECK(field.place() == "/loras");
  const Error tag = judged([](auto& r) { r.prompt = "a cat <lora:nigth:1>"; });
  CHECK(tag.code() == ErrorCode::not_found);
  CHECK(tag.place() == "/prompt");
  const Error both = judged([](auto& r) { r.loras = {{"nigth", 1}}, r.width = 63; });
  CHECK(both.code() == ErrorCode::bad_request);
  CHECK(says(both.sentence(), "nigth"));
}

TEST_CASE("what no worker has told is not judged") {
  const auto odd = [](GenerateRequest& request) {
    request.scheduler = "none", request.width = 63, request.clip_skip = 50, request.loras = {{"x", 1}};
  };
  passes(odd, Json::object());
  passes(odd, {{"models", Json::array()}});
  passes(odd, {{"models", Json::array({Json{{"id", "sd/small"}}})}});
}

TEST_CASE("described options are what was described") {
  OptionSpec spec;
  spec.name = "sizes";
  spec.type = OptionType::integer;
  spec.is_list = spec.nullable = true;
  spec.range = {1, 5};
  spec.unit = "pixels";
  const std::vector<OptionSpec> read = read_option_specs(Json::array({spec.to_json(), 3, Json{{"type", "none"}}}));
  REQUIRE(read.size() == 1);
  CHECK(read[0].to_json() == spec.to_json());
  CHECK(read[0].expected() == spec.expected());
}
