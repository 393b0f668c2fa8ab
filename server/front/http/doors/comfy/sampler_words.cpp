#include "server/front/http/doors/comfy/sampler_words.h"

#include <algorithm>
#include <cctype>

#include "core/base/text.h"
#include "server/front/http/headers.h"

namespace alice::comfy {
namespace {

constexpr std::string_view kUse = "use_", kSigmas = "_sigmas";
constexpr const char *kTimes = "timestep_spacing", *kOffset = "steps_offset", *kAutomatic = "automatic";

/// ComfyUI's schedulers that spread times, not noise (comfy/samplers.py, SCHEDULER_HANDLERS), by the words of
/// diffusers' option: "normal" is evenly from the last time to the first; "simple" counts down from the last;
/// "sgm_uniform" is the same to less than one of a thousand times; "ddim_uniform" counts up from the second.
struct TimeSpacing {
  const char *word, *times;
  int64_t offset;
};
constexpr TimeSpacing kTimeSpacings[] = {
    {"normal", "linspace", 0},
    {"simple", "trailing", 0},
    {"sgm_uniform", "trailing", 0},
    {"ddim_uniform", "leading", 1}};

Json schedulers_in(const Json& description) {
  const Json plugins = description.value("plugins", Json::object());
  return plugins.value("kinds", Json::object()).value("scheduler", Json::array());
}

const TimeSpacing* time_spacing(const std::string& word) {
  for (const TimeSpacing& one : kTimeSpacings)
    if (word == one.word) return &one;
  return nullptr;
}

/// null when it has none of that name.
Json option_of(const Json& scheduler, const std::string& name) {
  for (const Json& option : scheduler.value("options", Json::array()))
    if (option.value("name", "") == name) return option;
  return nullptr;
}

/// "use_karras_sigmas" -> "karras"; "" for another option.
std::string noise_spacing_of(const Json& option) {
  const std::string name = option.value("name", "");
  const bool fits = option.value("type", "") == "boolean" && starts_with(name, kUse) && ends_with(name, kSigmas) &&
                    name.size() > kUse.size() + kSigmas.size();
  return fits ? name.substr(kUse.size(), name.size() - kUse.size() - kSigmas.size()) : "";
}

std::vector<std::string> noise_spacings(const Json& scheduler) {
  std::vector<std::string> words;
  for (const Json& option : scheduler.value("options", Json::array()))
    if (std::string word = noise_spacing_of(option); !word.empty()) words.push_back(std::move(word));
  return words;
}

std::string option_name(const std::string& spacing) { return std::string(kUse) + spacing + std::string(kSigmas); }

bool spreads_times(const Json& scheduler, const std::string& times) {
  const Json option = option_of(scheduler, kTimes);
  if (!option.is_object()) return false;
  const Json choices = option.value("choices", Json::array());
  return std::find(choices.begin(), choices.end(), Json(times)) != choices.end();
}

bool is_word(const std::string& name) {
  return std::all_of(name.begin(), name.end(), [](unsigned char c) {
    return std::islower(c) != 0 || std::isdigit(c) != 0 || c == '_';
  });
}

/// "A++ 2M b" -> "app_2m_b", as k-diffusion names what A1111 shows.
std::string word_of(std::string name) {
  for (char& c : name) {
    const auto small = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    c = c == ' ' ? '_' : c == '+' ? 'p' : small;
  }
  return name;
}

bool has_capital(const std::string& name) {
  return std::any_of(name.begin(), name.end(), [](unsigned char c) { return std::isupper(c) != 0; });
}

struct Name {
  std::string word, own;  ///< ComfyUI's, and the plugin's
};

/// Without those that stand for a spacing: these have a list of their own.
std::vector<Name> names_of(const Json& scheduler) {
  const std::string id = scheduler.value("id", "");
  std::vector<Name> names = {{word_of(id), id}};
  const std::vector<std::string> spacings = noise_spacings(scheduler);
  for (const Json& alias : scheduler.value("aliases", Json::array())) {
    const std::string own = alias.value("name", "");
    const Json options = alias.value("options", Json::object());
    const bool is_spaced = std::any_of(spacings.begin(), spacings.end(), [&](const std::string& word) {
      return options.value(option_name(word), Json()) == Json(true);
    });
    const std::string word = has_capital(own) ? word_of(own) : own;
    const bool is_known =
        std::any_of(names.begin(), names.end(), [&](const Name& one) { return one.word == word; });
    if (!is_spaced && !is_known && is_word(word)) names.push_back({word, own});
  }
  return names;
}

/// Which scheduler `name` means, and its own name for it; null and "" when there is none.
std::pair<Json, std::string> scheduler_called(const Json& schedulers, const std::string& name) {
  for (const Json& scheduler : schedulers)
    for (const Name& one : names_of(scheduler))
      if (one.word == name) return {scheduler, one.own};
  for (const Json& scheduler : schedulers)
    for (const Json& alias : scheduler.value("aliases", Json::array()))
      if (same_ignoring_case(alias.value("name", ""), name)) return {scheduler, alias.value("name", "")};
  return {nullptr, ""};
}

void add_once(std::vector<std::string>& list, const std::string& word) {
  if (std::find(list.begin(), list.end(), word) == list.end()) list.push_back(word);
}

/// One spacing of the noise, or none, over evenly spread times, whatever the model's own files say.
Json options_for(const Json& scheduler, const std::string& noise, const TimeSpacing& times) {
  Json options = Json::object();
  for (const std::string& one : noise_spacings(scheduler)) options[option_name(one)] = one == noise;
  if (!spreads_times(scheduler, times.times)) return options;
  options[kTimes] = times.times;
  if (option_of(scheduler, kOffset).is_object()) options[kOffset] = times.offset;
  return options;
}

}  // namespace

std::vector<std::string> list_samplers(const Json& description) {
  std::vector<std::string> list;
  for (const Json& scheduler : schedulers_in(description))
    for (const Name& name : names_of(scheduler)) add_once(list, name.word);  // groups share plugins
  return list;
}

std::vector<std::string> list_spacings(const Json& description) {
  std::vector<std::string> list = {kTimeSpacings[0].word};
  for (const Json& scheduler : schedulers_in(description)) {
    for (const std::string& word : noise_spacings(scheduler)) add_once(list, word);
    for (const TimeSpacing& one : kTimeSpacings)
      if (spreads_times(scheduler, one.times)) add_once(list, one.word);
  }
  list.emplace_back(kAutomatic);
  return list;
}

std::optional<SamplerChoice> choose_sampler(const std::string& sampler, const std::string& spacing,
                                            const Json& description) {
  const Json schedulers = schedulers_in(description);
  SamplerChoice choice;
  const auto [scheduler, own] = scheduler_called(schedulers, sampler);
  if (scheduler.is_null()) return std::nullopt;
  choice.scheduler = own;
  if (spacing == kAutomatic) return choice;
  const std::vector<std::string> noise = noise_spacings(scheduler);
  const bool is_noise = std::find(noise.begin(), noise.end(), spacing) != noise.end();
  const TimeSpacing* times = time_spacing(spacing);
  if (is_noise || (times != nullptr && spreads_times(scheduler, times->times)))
    choice.options = options_for(scheduler, is_noise ? spacing : "", is_noise ? kTimeSpacings[0] : *times);
  else if (times != &kTimeSpacings[0])  // nothing asked for: what every sampler does
    choice.warning = "scheduler: '" + spacing + "' has no effect with this sampler";
  return choice;
}

}  // namespace alice::comfy
