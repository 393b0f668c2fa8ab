#include "core/host/effective_options.h"

#include <algorithm>
#include <cctype>
#include <sstream>

#include "core/math/sampler_options.h"

namespace alice {
namespace {

/// The value of the last layer that has the option, and whether a model's own file says another.
struct Settled {
  const Json* value = nullptr;
  bool differs_from_files = false;
};

Settled settled(const std::string& name, const OptionLayers& layers) {
  Settled found;
  const Json* of_files = nullptr;
  for (const OptionLayer& layer : layers) {
    if (!layer.values.is_object() || !layer.values.contains(name)) continue;
    found.value = &layer.values.at(name);
    if (layer.unknown == UnknownKeys::pass_over) of_files = found.value;
  }
  found.differs_from_files = of_files != nullptr && *of_files != *found.value;
  return found;
}

/// null is an empty list.
bool is_default(const Json& value, const OptionSpec& spec) {
  return value == spec.default_value || (value.is_null() && spec.is_list && spec.default_value.empty());
}

bool has_capital(const std::string& name) {
  return std::any_of(name.begin(), name.end(), [](unsigned char c) { return std::isupper(c) != 0; });
}

bool all_among(const Json& some, const Json& options, const std::vector<OptionSpec>& specs) {
  for (const auto& option : some.items()) {
    const auto spec =
        std::find_if(specs.begin(), specs.end(), [&](const OptionSpec& one) { return one.name == option.key(); });
    const Json unsaid = spec == specs.end() ? Json(nullptr) : spec->default_value;
    if (options.value(option.key(), unsaid) != option.value()) return false;
  }
  return true;
}

bool same_letters(const std::string& a, const std::string& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](unsigned char x, unsigned char y) { return std::tolower(x) == std::tolower(y); });
}

/// The id as the help writes it.
std::string id_in_words(const FactoryInfo& info) {
  const std::string word = info.help.substr(0, info.help.find(':'));
  return same_letters(word, info.id) ? word : info.id;
}

/// How noise levels are spread by the option `spacing` (core/math/run_spacing.h), as people write it: "own_word" ->
/// "Own Word", without whose it is; short words without vowels (but i) stand for several, and are all in capitals.
std::string spacing_in_words(const Json& options) {
  constexpr size_t kShort = 4;
  const Json found = options.value("spacing", Json());
  if (!found.is_string()) return "";
  std::istringstream words(found.get<std::string>());
  std::string label;
  for (std::string word; std::getline(words, word, '_');) {
    if (word == "a1111" || word == "comfyui" || word == "xl") continue;
    const bool is_short = word.size() <= kShort && word.find_first_of("aeouy") == std::string::npos;
    for (size_t i = 0; i < word.size() && (i == 0 || is_short); ++i)
      word[i] = static_cast<char>(std::toupper(static_cast<unsigned char>(word[i])));
    label += (label.empty() ? "" : " ") + word;
  }
  return label;
}

/// Whether what `options` say beyond `less` is how noise levels are spread, and nothing of the algorithm.
bool adds_a_schedule(const Json& options, const Json& less) {
  static const Json spacings = joined(spacing_preset(SigmaSpacing::uniform_in_time), {{"spacing", nullptr}});
  const auto said = options.items();
  return std::all_of(said.begin(), said.end(), [&](const auto& option) {
    return spacings.contains(option.key()) || less.value(option.key(), Json()) == option.value();
  });
}

}  // namespace

Json effective_options(const std::vector<OptionSpec>& specs, const OptionLayers& layers) {
  Json options = Json::object();
  for (const OptionSpec& spec : specs) {
    const Settled found = settled(spec.name, layers);
    if (found.value != nullptr && (!is_default(*found.value, spec) || found.differs_from_files))
      options[spec.name] = *found.value;
  }
  return options;
}

void check_options(const std::vector<OptionSpec>& specs, const OptionLayers& layers, Faults& faults) {
  for (const OptionLayer& layer : layers) {
    if (layer.values.is_null() || !detail::check_is_object(layer.values, layer.place, faults)) continue;
    if (layer.unknown == UnknownKeys::fault) detail::check_unknown(layer.values, specs, layer.place, faults);
    for (const OptionSpec& spec : specs)
      if (const auto found = layer.values.find(spec.name); found != layer.values.end())
        spec.check(*found, layer.place(spec.name), faults);
  }
}

DisplayName display_name(const FactoryInfo& info, const Json& options) {
  std::vector<Alias> fitting = {{id_in_words(info)}};
  for (const Alias& alias : info.aliases)
    if (has_capital(alias.name) && all_among(alias.options, options, info.options)) fitting.push_back(alias);
  DisplayName best;
  for (const Alias& alias : fitting)
    if (alias.options.size() >= best.options.size()) best.name = alias.name, best.options = alias.options;
  size_t longest = 0;
  for (const Alias& alias : fitting)
    if (best.name.compare(0, alias.name.size() + 1, alias.name + " ") == 0 &&
        adds_a_schedule(best.options, alias.options))
      longest = std::max(longest, alias.name.size() + 1);
  if (longest > 0) best.schedule = best.name.substr(longest);
  if (best.schedule.empty()) best.schedule = spacing_in_words(options);
  return best;
}

}  // namespace alice
