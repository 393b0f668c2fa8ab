#include "core/host/family_choice.h"

#include "core/base/text.h"

namespace alice {
namespace {

std::string parts_in_words(const ModelContents& model) {
  std::string words;
  for (const auto& [entry, class_name] : model.classes)
    words += (words.empty() ? "" : ", ") + entry + " (" + class_name + ")";
  return words.empty() ? "none" : words;
}

std::string ids_of(const Factories<FamilyFactory>& families) {
  std::string ids;
  for (const FamilyFactory* family : families.all()) ids += (ids.empty() ? "" : ", ") + family->info().id;
  return ids.empty() ? "none: no plugin brings one" : ids;
}

}  // namespace

std::optional<FamilyChoice> find_family(const Registry& registry, const ModelContents& model,
                                        const PartConfig& configured) {
  const Factories<FamilyFactory> families = registry.of<FamilyFactory>();
  if (!configured.plugin.empty()) {
    const FamilyFactory* named = families.get(configured.plugin, configured.place(""), ErrorCode::bad_config).factory;
    if (auto recognition = named->recognise(model, true)) return FamilyChoice{named, std::move(*recognition), true};
    throw Error(ErrorCode::bad_weights, model.place,
                "is no model of the family '" + named->info().id + "' (" + configured.place("") + " asks for it)");
  }
  for (const FamilyFactory* family : families.all())
    if (auto recognition = family->recognise(model, false)) return FamilyChoice{family, std::move(*recognition), false};
  return std::nullopt;
}

FamilyChoice choose_family(const Registry& registry, const ModelContents& model, const PartConfig& configured) {
  if (auto found = find_family(registry, model, configured)) return std::move(*found);
  throw Error(ErrorCode::unsupported, model.place,
              (model.is_folder ? "no family of models knows its parts: " + parts_in_words(model)
                               : std::string("no family of models knows the names of its tensors")) +
                  " (families: " + ids_of(registry.of<FamilyFactory>()) + ")");
}

std::optional<ModelFiles> files_of(const ModelContents& model, const PartUse& use) {
  const auto found = model.parts.find(use.role);
  if (found == model.parts.end()) return std::nullopt;
  ModelFiles files = found->second;
  files.root = use.root;
  files.told = use.told;
  return files;
}

bool is_passed_over(const FamilyRecognition& family, const std::string& name) {
  for (const std::string& one : family.passed_over)
    if (ends_with(one, ".") ? starts_with(name, one) : name == one) return true;
  return false;
}

}  // namespace alice
