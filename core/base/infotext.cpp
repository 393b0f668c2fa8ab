#include "core/base/infotext.h"

#include <charconv>

namespace alice {
namespace {

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
    text_ += (text_.empty() ? "" : ", ") + name + ": " + quoted(value);
  }
  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

}  // namespace

std::string write_infotext(const GenerateRequest& request, const std::string& model_hash) {
  std::string text = request.prompt;
  for (const LoraUse& lora : request.loras)
    text += (text.empty() ? "<lora:" : " <lora:") + lora.name + ":" + number(lora.strength) + ">";
  if (!request.negative_prompt.empty()) text += "\nNegative prompt: " + request.negative_prompt;

  // Readers that go by patterns want the first seven in this order.
  Pairs pairs;
  if (request.steps) pairs.add("Steps", std::to_string(*request.steps));
  if (!request.scheduler.empty()) pairs.add("Sampler", request.scheduler);
  if (request.guidance_scale) pairs.add("CFG scale", number(*request.guidance_scale));
  if (request.seed) pairs.add("Seed", std::to_string(*request.seed));
  if (request.width && request.height)
    pairs.add("Size", std::to_string(*request.width) + "x" + std::to_string(*request.height));
  if (!model_hash.empty()) pairs.add("Model hash", model_hash);
  if (!request.model.empty()) pairs.add("Model", request.model);
  if (request.clip_skip > 0) pairs.add("Clip skip", std::to_string(request.clip_skip + 1));  // counted from 1 there
  if (request.guidance_rescale > 0) pairs.add("Guidance rescale", number(request.guidance_rescale));
  if (request.guidance_start.value_or(0) > 0) pairs.add("Guidance start", number(*request.guidance_start));
  if (request.guidance_end.value_or(1) < 1) pairs.add("Guidance end", number(*request.guidance_end));
  if (request.deepcache_interval.value_or(1) > 1)
    pairs.add("DeepCache interval", std::to_string(*request.deepcache_interval));
  if (request.token_merging_ratio.value_or(0) > 0)
    pairs.add("Token merging ratio", number(*request.token_merging_ratio));
  pairs.add("RNG", "CPU");  // whose noise the seed stands for
  return text + "\n" + pairs.text();
}

}  // namespace alice
