#include "core/base/infotext.h"

#include <charconv>

namespace alice {
namespace {

constexpr size_t kHashDigits = 10;

/// The shortest text that reads back as the same number.
std::string number(double value) {
  char text[32];
  return {text, std::to_chars(text, text + sizeof text, value).ptr};
}

/// A value that could be taken for the next pair is written as a JSON string.
std::string quoted(const std::string& value) {
  return value.find_first_of(",:\n\"") == std::string::npos ? value : dump_json(Json(value));
}

class Pairs {
 public:
  void add(const std::string& name, const std::string& value) {
    if (!value.empty()) text_ += (text_.empty() ? "" : ", ") + name + ": " + quoted(value);
  }
  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

std::string brief_hash(const std::string& sha256) { return sha256.substr(0, kHashDigits); }

void add_files(const Recipe& recipe, Pairs& pairs) {
  if (const auto vae = recipe.parts.find("vae"); vae != recipe.parts.end() && !vae->second.source.empty()) {
    pairs.add("VAE hash", brief_hash(vae->second.sha256));
    pairs.add("VAE", vae->second.source);
  }
  std::string hashes;
  for (size_t i = 0; i < recipe.request.loras.size() && i < recipe.lora_sha256.size(); ++i)
    if (!recipe.lora_sha256[i].empty())
      hashes += (hashes.empty() ? "" : ", ") + recipe.request.loras[i].name + ": " + brief_hash(recipe.lora_sha256[i]);
  pairs.add("Lora hashes", hashes);
}

void add_shortcuts(const GenerateRequest& request, Pairs& pairs) {
  if (request.guidance_rescale > 0) pairs.add("Guidance rescale", number(request.guidance_rescale));
  if (request.guidance_start.value_or(0) > 0) pairs.add("Guidance start", number(*request.guidance_start));
  if (request.guidance_end.value_or(1) < 1) pairs.add("Guidance end", number(*request.guidance_end));
  if (request.deepcache_interval.value_or(1) > 1)
    pairs.add("DeepCache interval", std::to_string(*request.deepcache_interval));
  if (request.token_merging_ratio.value_or(0) > 0)
    pairs.add("Token merging ratio", number(*request.token_merging_ratio));
}

}  // namespace

std::string write_infotext(const Recipe& recipe) {
  const GenerateRequest& request = recipe.request;
  std::string text = request.prompt;
  for (const LoraUse& lora : request.loras)
    text += (text.empty() ? "<lora:" : " <lora:") + lora.name + ":" +
            (lora.text_encoder_strength ? number(*lora.text_encoder_strength) + ":" : "") + number(lora.strength) + ">";
  if (!request.negative_prompt.empty()) text += "\nNegative prompt: " + request.negative_prompt;

  // Readers that go by patterns want the first seven in this order.
  Pairs pairs;
  if (request.steps) pairs.add("Steps", std::to_string(*request.steps));
  pairs.add("Sampler", recipe.sampler.empty() ? request.scheduler : recipe.sampler);
  if (request.guidance_scale) pairs.add("CFG scale", number(*request.guidance_scale));
  if (request.seed) pairs.add("Seed", std::to_string(*request.seed));
  if (request.width && request.height)
    pairs.add("Size", std::to_string(*request.width) + "x" + std::to_string(*request.height));
  pairs.add("Model hash", brief_hash(recipe.model_sha256));
  pairs.add("Model", request.model);
  pairs.add("Schedule type", recipe.schedule_type);
  if (!recipe.further_options.empty()) pairs.add("Scheduler options", dump_json(recipe.further_options));
  if (request.clip_skip > 0) pairs.add("Clip skip", std::to_string(request.clip_skip + 1));  // counted from 1 there
  add_shortcuts(request, pairs);
  add_files(recipe, pairs);
  pairs.add("RNG", "CPU");  // whose noise the seed stands for
  if (!recipe.version.empty()) pairs.add("Version", "ALICE " + recipe.version);
  return text + "\n" + pairs.text();
}

}  // namespace alice
