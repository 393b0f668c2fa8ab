// my_plugin: a family of models whose single files begin the names of their parts as nobody else's do. Its network is
// told the tokens of one text encoder and nothing else.

#include "core/api/family.h"
#include "core/api/plugin.h"

namespace {

using namespace alice;

constexpr const char* kText = "text_encoder";
constexpr const char* kUNet = "unet";
constexpr const char* kVae = "vae";
constexpr const char* kTextRoot = "my_model.words.";
constexpr const char* kUNetRoot = "my_model.network.";
constexpr const char* kVaeRoot = "my_model.pixels.";

class MyFamily final : public Family {
 public:
  Conditioning condition(const Told& told) const override { return {{"tokens", told.texts.at(kText).tokens}}; }
};

class MyFamilyFactory final : public FamilyFactory {
 public:
  const FactoryInfo& info() const override {
    static const FactoryInfo info = [] {
      FactoryInfo i;
      i.id = "my_plugin";
      i.help = "Models in single files whose parts are called words, network and pixels.";
      return i;
    }();
    return info;
  }

  std::optional<FamilyRecognition> recognise(const ModelContents& model, bool) const override {
    if (model.is_folder) return std::nullopt;
    ModelFiles unet = model.parts.at(kUNet);
    unet.root = kUNetRoot;
    if (!unet.has_under("")) return std::nullopt;
    FamilyRecognition recognition;
    recognition.description = "my models";
    recognition.parts = {{kText, TextEncoder::kKind, kTextRoot, {}},
                         {kUNet, UNet::kKind, kUNetRoot, {}},
                         {kVae, Vae::kKind, kVaeRoot, {}}};
    recognition.texts = {{kText, 0, true}};
    recognition.schedule = {{"_class_name", "EulerDiscreteScheduler"}, {"beta_start", 0.00085}, {"beta_end", 0.012},
                            {"beta_schedule", "scaled_linear"},        {"prediction_type", "epsilon"}};
    return recognition;
  }

  std::shared_ptr<const Family> create(const ModelContents& model, const PartInfos& parts) const override {
    const auto refuse = [&](const std::string& why) { throw Error(ErrorCode::bad_weights, model.place, why); };
    const auto text = parts.text_encoders.find(kText);
    if (text == parts.text_encoders.end()) refuse("has no text encoder");
    if (text->second.width != parts.unet.context_width) refuse("its UNet attends to tokens of another width");
    if (parts.vae.latent_channels != parts.unet.out_channels) refuse("its VAE has other latents than its UNet");
    for (const auto& one : parts.unet.further_conditioning)
      if (one.first != kGuidanceScale && one.first != kBeside)  // the host makes them
        refuse("its UNet is told '" + one.first + "', which this family does not make");
    return std::make_shared<MyFamily>();
  }
};

}  // namespace

ALICE_PLUGIN("my_plugin", "0.1.0", [](alice::Enrolment& enrol) { enrol.add(std::make_unique<MyFamilyFactory>()); })
