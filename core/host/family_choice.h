#pragma once
// Which family a model is of, found out from headers alone.

#include <optional>

#include "core/api/family.h"
#include "core/base/host_config.h"
#include "core/host/registry.h"

namespace alice {

/// A model's family, and what it says of the model.
struct FamilyChoice {
  const FamilyFactory* factory = nullptr;
  FamilyRecognition recognition;
  bool configured = false;  ///< named in the configuration, not found by itself
};

/// The configured family, else the first that recognises `model`; empty when none does. Throws Error(bad_config) for a
/// name that no family bears, and Error(bad_weights) when the configured one is not the model's.
std::optional<FamilyChoice> find_family(const Registry& registry, const ModelContents& model,
                                        const PartConfig& configured);
/// The same, where there must be one: throws Error(unsupported) with what the model has and which families there are.
FamilyChoice choose_family(const Registry& registry, const ModelContents& model, const PartConfig& configured);

/// The model's own files of a part, as its family reads them. Empty when it has none of that role.
std::optional<ModelFiles> files_of(const ModelContents& model, const PartUse& use);

/// Does no part of the family want it, and its family passes it over? `name` of a single file.
bool is_passed_over(const FamilyRecognition& family, const std::string& name);

}  // namespace alice
