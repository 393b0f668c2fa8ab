#include "core/base/infotext.h"

#include <charconv>

#include "core/base/request_fields.h"

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

/// "" for null.
std::string in_their_words(const RequestField& field, const Json& value) {
  for (const auto& [ours, theirs] : field.infotext_words)
    if (ours == value) return theirs;
  if (value.is_number_integer()) return std::to_string(value.get<int64_t>() + field.infotext_from);
  if (value.is_number()) return number(value.get<double>());
  return value.is_string() ? value.get<std::string>() : value.is_null() ? "" : dump_json(value);
}

}  // namespace

std::string write_infotext(const Recipe& recipe) {
  const GenerateRequest& request = recipe.request;
  std::string text = request.prompt;
  for (const LoraUse& lora : request.loras)
    text += (text.empty() ? "<lora:" : " <lora:") + lora.name + ":" +
            (lora.text_encoder_strength ? number(*lora.text_encoder_strength) + ":" : "") + number(lora.strength) + ">";
  if (request.negative_prompt) text += "\nNegative prompt: " + *request.negative_prompt;

  Pairs pairs;
  const Json values = generate_options().write(request);
  const auto add = [&](const RequestField& field) {
    pairs.add(field.infotext, in_their_words(field, values.at(field.spec.name)));
  };
  // Readers that go by patterns want the first seven in this order.
  add(request_field("steps"));
  pairs.add("Sampler", recipe.sampler.empty() ? request.scheduler : recipe.sampler);
  add(request_field("guidance_scale"));
  add(request_field("seed"));
  if (request.width && request.height)
    pairs.add("Size", std::to_string(*request.width) + "x" + std::to_string(*request.height));
  pairs.add("Model hash", brief_hash(recipe.model_sha256));
  pairs.add("Model", request.model);
  pairs.add("Schedule type", recipe.schedule_type);
  add(request_field("prompt_style"));
  if (!recipe.further_options.empty()) pairs.add("Scheduler options", dump_json(recipe.further_options));
  for (const RequestField& field : request_fields())
    if ((field.counts_with != CountsWith::always && !field.infotext.empty()) ||
        (field.infotext_if_other && values.at(field.spec.name) != field.built_in))
      add(field);
  add_files(recipe, pairs);
  pairs.add("RNG", "CPU");  // whose noise the seed stands for
  if (!recipe.version.empty()) pairs.add("Version", "ALICE " + recipe.version);
  return text + "\n" + pairs.text();
}

}  // namespace alice
