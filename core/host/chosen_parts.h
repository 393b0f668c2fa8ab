#pragma once
// The parts of a model by role, recognised and not yet loaded, and the same loaded.

#include <map>
#include <memory>
#include <string>

#include "core/api/family.h"
#include "core/host/part_choice.h"

namespace alice {

inline constexpr const char* kUNetRole = "unet";
inline constexpr const char* kVaeRole = "vae";

struct ChosenParts {
  std::map<std::string, PartChoice<TextEncoder>> text_encoders;
  PartChoice<UNet> unet;
  PartChoice<Vae> vae;

  /// Calls body(role, choice) for each, the text encoders first.
  template <class Body>
  void each(const Body& body) const {
    for (const auto& [role, choice] : text_encoders) body(role, choice);
    body(std::string(kUNetRole), unet);
    body(std::string(kVaeRole), vae);
  }
};

struct LoadedParts {
  std::map<std::string, std::shared_ptr<const TextEncoder>> text_encoders;
  std::shared_ptr<const UNet> unet;
  std::shared_ptr<const Vae> vae;

  PartInfos infos() const {
    PartInfos infos;
    for (const auto& [role, encoder] : text_encoders) infos.text_encoders[role] = encoder->info();
    infos.unet = unet->info();
    infos.vae = vae->info();
    return infos;
  }
};

/// Each part by `load(choice)`, which gives a shared_ptr to it.
template <class Load>
LoadedParts load_parts(const ChosenParts& chosen, const Load& load) {
  LoadedParts loaded;
  for (const auto& [role, choice] : chosen.text_encoders) loaded.text_encoders[role] = load(choice);
  loaded.unet = load(chosen.unet);
  loaded.vae = load(chosen.vae);
  return loaded;
}

}  // namespace alice
