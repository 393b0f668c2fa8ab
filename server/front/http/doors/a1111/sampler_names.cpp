#include "server/front/http/doors/a1111/sampler_names.h"

#include <algorithm>
#include <cctype>

#include "core/base/text.h"
#include "core/base/utf8.h"
#include "server/front/http/headers.h"

namespace alice::a1111 {
namespace {

constexpr std::string_view kUse = "use_", kSigmas = "_sigmas";
// An option with spacings by name. Where two references differ, those with our own's suffix are meant here.
constexpr const char* kSpacing = "spacing";
constexpr std::string_view kOurs = "_a1111", kOthers = "_comfyui";

Json schedulers_in(const Json& description) {
  const Json plugins = description.value("plugins", Json::object());
  return plugins.value("kinds", Json::object()).value("scheduler", Json::array());
}

/// "use_karras_sigmas" -> "karras"; "" for another option.
std::string spacing_of(const Json& option) {
  const std::string name = option.value("name", "");
  if (option.value("type", "") != "boolean" || !starts_with(name, kUse) || !ends_with(name, kSigmas)) return "";
  return name.size() <= kUse.size() + kSigmas.size()
             ? ""
             : name.substr(kUse.size(), name.size() - kUse.size() - kSigmas.size());
}

std::string option_of(const std::string& spacing) { return std::string(kUse) + spacing + std::string(kSigmas); }

std::vector<std::string> spacing_choices(const Json& scheduler) {
  for (const Json& option : scheduler.value("options", Json::array()))
    if (option.value("name", "") == kSpacing) return option.value("choices", std::vector<std::string>());
  return {};
}

/// As this web UI calls it; "" where it has no such.
std::string word_of_choice(const std::string& choice) {
  if (choice.find(kOthers) != std::string::npos) return "";
  return ends_with(choice, kOurs) ? choice.substr(0, choice.size() - kOurs.size()) : choice;
}

std::vector<std::string> boolean_spacings_of(const Json& scheduler) {
  std::vector<std::string> words;
  for (const Json& option : scheduler.value("options", Json::array()))
    if (std::string word = spacing_of(option); !word.empty()) words.push_back(std::move(word));
  return words;
}

/// Each once.
std::vector<std::string> spacings_of(const Json& scheduler) {
  std::vector<std::string> words = boolean_spacings_of(scheduler);
  for (const std::string& choice : spacing_choices(scheduler))
    if (std::string word = word_of_choice(choice);
        !word.empty() && std::find(words.begin(), words.end(), word) == words.end())
      words.push_back(std::move(word));
  return words;
}

bool has_capital(const std::string& name) {
  return std::any_of(name.begin(), name.end(), [](unsigned char c) { return std::isupper(c) != 0; });
}

/// "own_word" -> "Own Word"; short words without vowels (but i) stand for several, and are all in capitals.
std::string label_of(const std::string& name) {
  constexpr size_t kShort = 4;
  std::string label;
  for (size_t from = 0; from <= name.size(); from = name.find('_', from) + 1) {
    const size_t to = std::min(name.find('_', from), name.size());
    std::string word = name.substr(from, to - from);
    const bool is_short = word.size() <= kShort && word.find_first_of("aeouy") == std::string::npos;
    for (size_t i = 0; i < (is_short ? word.size() : 1) && i < word.size(); ++i)
      word[i] = static_cast<char>(std::toupper(static_cast<unsigned char>(word[i])));
    label += (label.empty() ? "" : " ") + word;
    if (to == name.size()) break;
  }
  return label;
}

/// The names of one scheduler that stand for the same options.
struct Names {
  Json options = Json::object();
  std::vector<std::string> names;
};

/// The id as its help writes it: "Xyz: what it does".
std::string id_in_words(const Json& scheduler) {
  const std::string id = scheduler.value("id", ""), help = scheduler.value("help", "");
  const std::string word = help.substr(0, help.find(':'));
  return same_ignoring_case(word, id) ? word : id;
}

/// Without those that stand for a spacing: these have a list of their own.
std::vector<Names> names_of(const Json& scheduler) {
  std::vector<Names> all = {{Json::object(), {id_in_words(scheduler)}}};
  const std::vector<std::string> spacings = spacings_of(scheduler);
  for (const Json& alias : scheduler.value("aliases", Json::array())) {
    const Json options = alias.value("options", Json::object());
    const bool is_spaced =
        options.contains(kSpacing) || std::any_of(spacings.begin(), spacings.end(), [&](const std::string& word) {
          return options.value(option_of(word), Json()) == Json(true);
        });
    if (is_spaced) continue;
    const auto same = std::find_if(all.begin(), all.end(), [&](const Names& one) { return one.options == options; });
    Names& names = same == all.end() ? all.emplace_back(Names{options, {}}) : *same;
    names.names.push_back(alias.value("name", ""));
  }
  return all;
}

/// The one with a capital letter goes first.
std::vector<Sampler> samplers_of(const Json& scheduler) {
  std::vector<Sampler> readable, plain;
  for (Names& one : names_of(scheduler)) {
    const auto best = std::find_if(one.names.begin(), one.names.end(), has_capital);
    const bool has_words = best != one.names.end();
    if (has_words) std::rotate(one.names.begin(), best, best + 1);
    Sampler sampler = {one.names.front(), {one.names.begin() + 1, one.names.end()}};
    (has_words ? readable : plain).push_back(std::move(sampler));
  }
  if (readable.empty()) readable.push_back(plain.front());
  return readable;
}

bool is_called(const Json& scheduler, const std::string& name) {
  if (same_ignoring_case(scheduler.value("id", ""), name)) return true;
  const Json aliases = scheduler.value("aliases", Json::array());
  return std::any_of(aliases.begin(), aliases.end(),
                     [&](const Json& alias) { return same_ignoring_case(alias.value("name", ""), name); });
}

/// null when there is none.
Json scheduler_called(const Json& schedulers, const std::string& name) {
  for (const Json& scheduler : schedulers)
    if (is_called(scheduler, name)) return scheduler;
  return nullptr;
}

/// Takes " Karras" off the end of `sampler`, of several the longest; "" where it ends with no spacing.
std::string take_spacing(std::string& sampler, const std::vector<Spacing>& spacings) {
  std::string taken;
  size_t longest = 0;
  for (const Spacing& spacing : spacings)
    for (const std::string& word : {spacing.label, spacing.name}) {
      const size_t length = word.size() + 1;
      if (length <= longest || sampler.size() <= length ||
          !same_ignoring_case(sampler.substr(sampler.size() - length), " " + word))
        continue;
      longest = length, taken = spacing.name;
    }
  sampler.resize(sampler.size() - longest);
  return taken;
}

/// The name of a spacing by its name or label, which may lack its "Uniform"; "" when there is none.
std::string spacing_called(const std::string& name, const std::vector<Spacing>& spacings) {
  for (const Spacing& spacing : spacings)
    if (same_ignoring_case(spacing.name, name) || same_ignoring_case(spacing.label, name)) return spacing.name;
  for (const Spacing& spacing : spacings)
    if (same_ignoring_case(spacing.label, name + " Uniform")) return spacing.name;
  return "";
}

/// This spacing and no other, whatever the model's own files say.
Json options_for(const std::string& spacing, const Json& scheduler) {
  Json options = Json::object();
  const std::vector<std::string> booleans = boolean_spacings_of(scheduler), choices = spacing_choices(scheduler);
  for (const std::string& one : booleans) options[option_of(one)] = one == spacing;
  if (std::find(booleans.begin(), booleans.end(), spacing) != booleans.end()) return options;
  const std::string ours = spacing + std::string(kOurs);
  options[kSpacing] = std::find(choices.begin(), choices.end(), ours) != choices.end() ? ours : spacing;
  return options;
}

}  // namespace

std::vector<Sampler> list_samplers(const Json& description) {
  std::vector<Sampler> list;
  for (const Json& scheduler : schedulers_in(description))
    for (Sampler& sampler : samplers_of(scheduler)) {
      const auto same = [&](const Sampler& one) { return one.name == sampler.name; };
      if (std::none_of(list.begin(), list.end(), same)) list.push_back(std::move(sampler));  // groups share plugins
    }
  return list;
}

std::vector<Spacing> list_spacings(const Json& description) {
  std::vector<Spacing> list = {{kOwnSpacing, label_of(kOwnSpacing)}};
  for (const Json& scheduler : schedulers_in(description))
    for (const std::string& word : spacings_of(scheduler))
      if (spacing_called(word, list).empty()) list.push_back({word, label_of(word)});
  return list;
}

bool is_spacing(const std::string& label, const Json& scheduler_options) {
  std::string word = lower_case(label);
  std::replace(word.begin(), word.end(), ' ', '_');
  return !label.empty() && (scheduler_options.value(option_of(word), Json()) == Json(true) ||
                            word_of_choice(scheduler_options.value(kSpacing, "")) == word);
}

std::optional<SamplerChoice> choose_sampler(const std::string& sampler, const std::string& spacing,
                                            const std::string& usual, const Json& description) {
  const Json schedulers = schedulers_in(description);
  SamplerChoice choice;
  choice.scheduler = sampler;
  if (schedulers.empty()) return choice;
  const std::vector<Spacing> spacings = list_spacings(description);
  std::string wanted = take_spacing(choice.scheduler, spacings);
  Json scheduler = scheduler_called(schedulers, choice.scheduler.empty() ? usual : choice.scheduler);
  if (scheduler.is_null() && !sampler.empty()) {  // a name that only looks as if a spacing stood at its end
    scheduler = scheduler_called(schedulers, sampler);
    if (scheduler.is_null()) return std::nullopt;
    choice.scheduler = sampler, wanted.clear();
  }
  if (wanted.empty() && !spacing.empty()) {
    wanted = spacing_called(spacing, spacings);
    if (wanted.empty())
      choice.warnings.push_back("scheduler: there is no '" + brief(spacing) + "'; the sampler's own is used");
  }
  if (wanted.empty() || wanted == kOwnSpacing) return choice;
  const std::vector<std::string> possible = spacings_of(scheduler.is_null() ? Json::object() : scheduler);
  if (std::find(possible.begin(), possible.end(), wanted) == possible.end())
    choice.warnings.push_back("scheduler: '" + wanted + "' has no effect with this sampler");
  else
    choice.scheduler_options = options_for(wanted, scheduler);
  return choice;
}

}  // namespace alice::a1111
