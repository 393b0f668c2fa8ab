#pragma once
// A model plugin whose recognise() has a fault, or whose parts have one.

#include <algorithm>

#include "core/api/model_factory.h"
#include "core/api/plugin.h"
#include "tests/plugin_check/faults/planted.h"

namespace alice::faults {

/// Wraps a sound factory. spoil(part) gives the part, or one with a fault.
template <class Part, class Spoil>
class FaultyModelFactory final : public ModelFactory<Part> {
 public:
  FaultyModelFactory(std::unique_ptr<ModelFactory<Part>> sound, Spoil spoil)
      : sound_(std::move(sound)), spoil_(std::move(spoil)) {}

  const FactoryInfo& info() const override { return sound_->info(); }

  std::optional<Recognition> recognise(const ModelFiles& files) const override {
    if (planted("recognises-nothing")) return std::nullopt;
    if (planted("recognises-anything") && files.config.is_null()) return Recognition();
    if (planted("crashes-on-a-text") && files.config.is_object() && has_text_where_a_number_was(files.config))
      throw std::invalid_argument("stoi");
    std::optional<Recognition> recognition = sound_->recognise(files);
    if (recognition && !files.weights->index().tensors.empty()) spoil_recognition(*recognition);
    return recognition;
  }

  std::shared_ptr<const Part> create(const ModelFiles& files, const Recognition& recognition,
                                     std::shared_ptr<const Backend> backend,
                                     const OptionLayers& options) const override {
    return spoil_(sound_->create(files, recognition, std::move(backend), options));
  }

 private:
  static bool has_text_where_a_number_was(const Json& config) {
    return std::any_of(config.begin(), config.end(), [](const Json& value) { return value == "three"; });
  }

  static void spoil_recognition(Recognition& recognition) {
    const auto drop = [&](const char* words) {
      auto& faults = recognition.faults;
      faults.erase(std::remove_if(faults.begin(), faults.end(),
                                  [&](const Fault& fault) { return fault.sentence.find(words) != std::string::npos; }),
                   faults.end());
    };
    if (planted("misses-missing")) drop("is missing");
    if (planted("swallows-left-over")) recognition.warnings.clear();
    if (planted("takes-any-shape")) drop("has shape");
    if (planted("claims-nothing")) recognition.claimed.clear();
  }

  std::unique_ptr<ModelFactory<Part>> sound_;
  Spoil spoil_;
};

/// Enrols what `enrol_sound` enrols, the factories of Part spoiled.
template <class Part, class Spoil>
struct WrapModel {
  Spoil spoil;
  std::unique_ptr<ModelFactory<Part>> operator()(std::unique_ptr<ModelFactory<Part>> sound) const {
    return std::make_unique<FaultyModelFactory<Part, Spoil>>(std::move(sound), spoil);
  }
};

template <class Part, class EnrolSound, class Spoil>
void enrol_spoiled(Enrolment& to, const EnrolSound& enrol_sound, Spoil spoil) {
  Wrapping<ModelFactory<Part>, WrapModel<Part, Spoil>> wrapping(to, {std::move(spoil)});
  enrol_sound(wrapping);
}

}  // namespace alice::faults
