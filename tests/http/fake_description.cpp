#include "tests/http/fake_description.h"

namespace alice {
namespace {

Json plain_scheduler() {
  const Json strength = {{"name", "strength"}, {"type", "number"}, {"minimum", 0.0},
                         {"maximum", 10.0},    {"default", 1.0},   {"help", "how much"}};
  const Json note = {{"name", "note"}, {"type", "text"}, {"default", ""}, {"help", "any text"}};
  return {{"id", "plain"},
          {"help", "no sampler at all"},
          {"aliases", {{{"name", "strong"}, {"options", {{"strength", 10}}}}}},
          {"options", Json::array({strength, note})}};
}

/// One with spacings, as A1111's samplers have them.
Json wave_scheduler() {
  const auto spacing = [](const char* name) {
    return Json{{"name", name}, {"type", "boolean"}, {"nullable", true}, {"default", false}, {"help", "how spread"}};
  };
  const Json order = {{"name", "order"}, {"type", "integer"}, {"minimum", 1.0},
                      {"maximum", 3.0},  {"default", 1},      {"help", "of its steps"}};
  const Json times = {{"name", "timestep_spacing"},
                      {"type", "choice"},
                      {"choices", {"linspace", "leading", "trailing"}},
                      {"default", "linspace"},
                      {"help", "how spread"}};
  const Json karras = {{"use_karras_sigmas", true}, {"use_exponential_sigmas", false}};
  const Json second = {{"order", 2}}, both = {{"order", 2}, {"use_karras_sigmas", true}};
  const Json aliases = Json::array({{{"name", "wavy"}, {"options", Json::object()}},
                                    {{"name", "Wave Karras"}, {"options", karras}},
                                    {{"name", "wave_2m"}, {"options", second}},
                                    {{"name", "Wave 2M"}, {"options", second}},
                                    {{"name", "Wave 2M Karras"}, {"options", both}}});
  return {{"id", "wave"},
          {"help", "Wave: up and down"},
          {"aliases", aliases},
          {"options",
           Json::array({spacing("use_karras_sigmas"), spacing("use_exponential_sigmas"), order, times})}};
}

Json model_defaults() {
  return {{"steps", 4}, {"guidance_scale", 3.0}, {"scheduler", "plain"}, {"width", 64}, {"height", 64}};
}

Json emoji_model() {
  return {{"id", "sd/emoji"},
          {"available", true},
          {"description", "one grey pixel"},
          {"created", 1700000000},
          {"bytes", 1500000},
          {"sha256", "0123456789" + std::string(54, 'a')},
          {"native_width", 64},
          {"native_height", 64},
          {"size_multiple", 2},
          {"max_pixels", 65536},
          {"text_layers", 12},
          {"most_steps", {{"strong", 50}}},
          {"defaults", model_defaults()}};
}

Json broken_model() {
  return {{"id", "sd/broken"},
          {"available", false},
          {"unavailable", "/home/ann/models/broken/part.json: a part is missing"},
          {"description", ""},
          {"group", "sandbox"},
          {"created", 1700000000},
          {"bytes", 0}};
}

}  // namespace

Json fake_description() {
  const Json defaults = {{"steps", 4}, {"guidance_scale", 7.5}, {"scheduler", "plain"}, {"width", 64}, {"height", 64}};
  const Json library = {
      {"id", "plain"}, {"file", "/usr/lib/alice/libplain.so"}, {"version", "1"}, {"loaded", true}};
  const Json soft = {{"id", "soft"}, {"bytes", 3000}, {"trigger_words", {"a", "b"}}, {"base_model", "sd_v1"}};
  const Json hard = {{"id", "hard"}, {"bytes", 0}};
  const Json schedulers = Json::array({plain_scheduler(), wave_scheduler()});
  return {
      {"models", Json::array({emoji_model(), broken_model()})},
      {"loras", Json::array({soft, hard})},
      {"plugins", {{"plugins", Json::array({library})}, {"kinds", {{"scheduler", schedulers}}}}},
      {"noise_options", Json::array()},
      {"generation_defaults", defaults},
      {"backend", "none"},
      {"libtorch", "none"}};
}

}  // namespace alice
