// A recipe in words for people.

#include <algorithm>
#include <charconv>

#include "core/base/one_line.h"
#include "core/base/recipe.h"

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
    constexpr size_t kColumn = 18;
    const std::string space(name.size() < kColumn ? kColumn - name.size() : 1, ' ');
    text_ += on_one_line(name) + space + on_one_line(value) + "\n";  // pictures come from strangers
  }
  template <class T>
  void add_number(const std::string& name, const std::optional<T>& value, double unsaid) {
    if (value && static_cast<double>(*value) != unsaid) add(name, number(static_cast<double>(*value)));
  }
  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

std::string with_options(const std::string& what, const Json& options) {
  return options.empty() ? what : what + " " + dump_json(options);
}

std::string hash_words(const std::string& sha256) { return sha256.empty() ? "" : "  (SHA-256 " + sha256 + ")"; }

void add_request(const GenerateRequest& request, const Recipe& recipe, Lines& lines) {
  lines.add("prompt", request.prompt);
  lines.add("negative prompt", request.negative_prompt);
  lines.add("model", request.model + hash_words(recipe.model_sha256));
  if (request.width && request.height)
    lines.add("size", std::to_string(*request.width) + "x" + std::to_string(*request.height));
  if (request.seed) lines.add("seed", std::to_string(*request.seed));
  if (request.steps) lines.add("steps", std::to_string(*request.steps));
  lines.add_number("guidance", request.guidance_scale, -1);
  lines.add_number("guidance rescale", std::optional<double>(request.guidance_rescale), 0);
  lines.add_number("guidance start", request.guidance_start, 0);
  lines.add_number("guidance end", request.guidance_end, 1);
  lines.add_number("clip_skip", std::optional<int64_t>(request.clip_skip), 0);
  lines.add_number("deepcache", request.deepcache_interval, 1);
  lines.add_number("token merging", request.token_merging_ratio, 0);
  lines.add("scheduler", with_options(request.scheduler, request.scheduler_options) +
                             (recipe.sampler.empty() || recipe.sampler == request.scheduler
                                  ? ""
                                  : "  (" + recipe.sampler + ")"));
  for (size_t i = 0; i < request.loras.size(); ++i)
    lines.add("LoRA", request.loras[i].name + ":" + number(request.loras[i].strength) +
                          hash_words(i < recipe.lora_sha256.size() ? recipe.lora_sha256[i] : ""));
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
