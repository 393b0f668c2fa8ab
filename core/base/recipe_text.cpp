// A recipe in words for people.

#include <algorithm>
#include <charconv>

#include "core/base/one_line.h"
#include "core/base/recipe.h"
#include "core/base/request_fields.h"

namespace alice {
namespace {

/// The shortest text that reads back as the same number.
std::string number(double value) {
  char text[32];
  return {text, std::to_chars(text, text + sizeof text, value).ptr};
}

/// Names and values in two columns.
class Lines {
 public:
  void add(const std::string& name, const std::string& value) {
    if (value.empty()) return;
    constexpr size_t kColumn = 21;
    const std::string space(name.size() < kColumn ? kColumn - name.size() : 1, ' ');
    text_ += on_one_line(name) + space + on_one_line(value) + "\n";  // pictures come from strangers
  }
  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

std::string with_options(const std::string& what, const Json& options) {
  return options.empty() ? what : what + " " + dump_json(options);
}

std::string hash_words(const std::string& sha256) { return sha256.empty() ? "" : "  (SHA-256 " + sha256 + ")"; }

std::string in_words(const Json& value) {
  if (value.is_number_float()) return number(value.get<double>());
  return value.is_string() ? value.get<std::string>() : dump_json(value);
}

/// The fields that have no line of their own, where they are other than unsaid.
void add_others(const GenerateRequest& request, Lines& lines) {
  static const std::vector<std::string> kOwnLines = {"model",  "prompt", "negative_prompt", "steps",
                                                     "width",  "height", "seed",            "n",
                                                     "scheduler", "refiner"};
  const Json values = generate_options().write(request);
  for (const RequestField& field : request_fields()) {
    std::string name = field.spec.name;
    const Json& value = values.at(name);
    const bool has_line = std::find(kOwnLines.begin(), kOwnLines.end(), name) != kOwnLines.end();
    const bool is_usual = field.infotext_if_other && value == field.built_in;
    if (has_line || is_usual || value.is_null()) continue;
    std::replace(name.begin(), name.end(), '_', ' ');
    lines.add(name, in_words(value));
  }
}

void add_request(const GenerateRequest& request, const Recipe& recipe, Lines& lines) {
  lines.add("prompt", request.prompt);
  lines.add("negative prompt", request.negative_prompt.value_or(""));
  lines.add("model", request.model + hash_words(recipe.model_sha256));
  if (request.refiner) lines.add("refiner", *request.refiner + hash_words(recipe.refiner_sha256));
  if (request.width && request.height)
    lines.add("size", std::to_string(*request.width) + "x" + std::to_string(*request.height));
  if (request.seed) lines.add("seed", std::to_string(*request.seed));
  if (request.steps) lines.add("steps", std::to_string(*request.steps));
  add_others(request, lines);
  lines.add("scheduler", with_options(request.scheduler, request.scheduler_options) +
                             (recipe.sampler.empty() || recipe.sampler == request.scheduler
                                  ? ""
                                  : "  (" + recipe.sampler + ")"));
  if (request.image) lines.add("image", "SHA-256 " + request.image->sha256);
  if (request.mask) lines.add("mask", "SHA-256 " + request.mask->sha256);
  for (size_t i = 0; i < request.loras.size(); ++i)
    lines.add("LoRA", request.loras[i].name + ":" + number(request.loras[i].strength) +
                          hash_words(i < recipe.lora_sha256.size() ? recipe.lora_sha256[i] : ""));
  for (const auto& [name, sha256] : recipe.embedding_sha256) lines.add("embedding", name + hash_words(sha256));
}

}  // namespace

std::string recipe_text(const Recipe& recipe) {
  Lines lines;
  add_request(recipe.request, recipe, lines);
  for (const auto& [name, part] : recipe.parts) {
    const std::string plugin = part.plugin.empty() ? "" : "by " + part.plugin;
    const std::string source = part.source.empty() ? "" : part.source + (plugin.empty() ? "" : " ");
    lines.add(name, with_options(source + plugin, part.options) + hash_words(part.sha256));
  }
  lines.add("backend", with_options(recipe.backend + (recipe.dtype.empty() ? "" : " in " + recipe.dtype),
                                    recipe.backend_options));
  const MachineRecipe& machine = recipe.machine;
  if (machine.threads > 0) lines.add("threads", std::to_string(machine.threads));
  lines.add("processor", machine.instructions);
  lines.add("libtorch", machine.libtorch);
  lines.add("ALICE", recipe.version);
  return lines.text();
}

}  // namespace alice
