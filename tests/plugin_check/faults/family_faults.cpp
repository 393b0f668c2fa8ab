// The family of `alice plugin new --kind family`, with a fault.

#include <atomic>
#include <limits>
#include <stdexcept>

#include "tests/plugin_check/faults/planted.h"

// The sound twin.
#include "tests/plugin_check/faults/sound_twin.h"
//
#include "sdk/templates/family/my_plugin.cpp"
#pragma pop_macro("ALICE_PLUGIN")

namespace {

using alice::faults::planted;

class FaultyFamily final : public Family {
 public:
  explicit FaultyFamily(std::shared_ptr<const Family> sound) : sound_(std::move(sound)) {}

  Conditioning condition(const Told& told) const override {
    Conditioning conditioning = sound_->condition(told);
    Tensor& tokens = conditioning.at("tokens");
    if (planted("changes-its-text")) tokens.mul_(2);
    if (planted("narrow-tokens")) tokens = tokens.narrow(2, 0, tokens.size(2) - 1);
    if (planted("no-tokens")) conditioning.clear();
    if (planted("nan")) tokens = at::full_like(tokens, std::numeric_limits<float>::quiet_NaN());
    if (planted("deaf")) tokens = at::zeros_like(tokens);
    if (planted("keeps-state")) tokens = tokens + static_cast<double>(calls_++);
    return conditioning;
  }

 private:
  std::shared_ptr<const Family> sound_;
  mutable std::atomic<int> calls_ = 0;
};

class FaultyFactory final : public FamilyFactory {
 public:
  explicit FaultyFactory(std::unique_ptr<FamilyFactory> sound) : sound_(std::move(sound)) {}

  const FactoryInfo& info() const override { return sound_->info(); }

  std::optional<FamilyRecognition> recognise(const ModelContents& model, bool is_named) const override {
    if (planted("recognises-nothing")) return std::nullopt;
    if (planted("throws-at-folders") && model.is_folder) model.parts.at(kUNet);
    if (planted("crashes-on-a-text") && has_text_where_a_number_was(model)) throw std::invalid_argument("stoi");
    std::optional<FamilyRecognition> said = sound_->recognise(model, is_named);
    if (planted("recognises-anything") && !said) return FamilyRecognition();
    if (planted("reads-numbers") && said) model.whole->tensor(model.whole->index().tensors.begin()->first);
    if (said) spoil(*said);
    return said;
  }

  std::shared_ptr<const Family> create(const ModelContents& model, const PartInfos& parts) const override {
    PartInfos taken = parts;
    if (planted("joins-any-width")) taken.unet.context_width = taken.text_encoders.begin()->second.width;
    if (planted("joins-any-latents")) taken.vae.latent_channels = taken.unet.out_channels;
    if (planted("joins-any-wish")) taken.unet.further_conditioning.clear();
    const auto refuse = [&](const char* name) {
      if (taken.unet.further_conditioning.count(name) > 0)
        throw Error(ErrorCode::bad_weights, model.place, std::string("is told '") + name + "'");
    };
    if (planted("refuses-guidance")) refuse(kGuidanceScale);
    if (planted("refuses-channels")) refuse(kBeside);
    return std::make_shared<FaultyFamily>(sound_->create(model, taken));
  }

 private:
  static bool has_text_where_a_number_was(const ModelContents& model) {
    return !model.is_folder && model.parts.at(kUNet).config.is_object() &&
           model.parts.at(kUNet).config.value("sample_size", Json()) == "three";
  }

  static void spoil(FamilyRecognition& said) {
    if (planted("names-no-vae")) said.parts.pop_back();
    if (planted("names-two-unets")) said.parts.push_back({"text_encoder_2", UNet::kKind, kUNetRoot, {}});
    if (planted("wrong-root")) said.parts.front().root = "my_model.wrods.";
    if (planted("one-root")) said.parts.back().root = kUNetRoot;
    if (planted("text-of-no-part")) said.texts.front().role = "text_encoder_2";
    if (planted("no-schedule")) said.schedule = nullptr;
    if (planted("passes-over-its-own")) said.passed_over = {"my_model."};
  }

  std::unique_ptr<FamilyFactory> sound_;
};

struct WrapFamily {
  std::unique_ptr<FamilyFactory> operator()(std::unique_ptr<FamilyFactory> sound) const {
    return std::make_unique<FaultyFactory>(std::move(sound));
  }
};

void enrol_spoiled(Enrolment& to) {
  alice::faults::Wrapping<FamilyFactory, WrapFamily> wrapping(to, WrapFamily());
  enrol_sound(wrapping);
}

}  // namespace

ALICE_PLUGIN("faulty-family", "1.0.0", [](alice::Enrolment& to) { enrol_spoiled(to); })
