// my_plugin: a family of models whose single files begin the names of their parts as nobody else's do. Its network is
// told the tokens of one text encoder and nothing else.

#include "core/api/family.h"
#include "core/api/plugin.h"

namespace {

using namespace alice;

constexpr const char* kText = "text_encoder";
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
    if (!model.whole || !model.parts.count("unet")) return std::nullopt;
    ModelFiles unet = model.parts.at("unet");
    unet.root = kUNetRoot;
    if (!unet.has_under("")) return std::nullopt;
    FamilyRecognition recognition;
    recognition.description = "my models";
    recognition.parts = {{kText, TextEncoder::kKind, kTextRoot, {}},
                         {"unet", UNet::kKind, kUNetRoot, {}},
                         {"vae", Vae::kKind, kVaeRoot, {}}};
    recognition.texts = {{kText, 0, true}};
    recognition.schedule = {{"_class_name", "EulerDiscreteScheduler"}, {"beta_start", 0.00085}, {"beta_end", 0.012},
                            {"beta_schedule", "scaled_linear"},        {"prediction_type", "epsilon"}};
    return recognition;
  }

  std::shared_ptr<const Family> create(const ModelContents& model, const PartInfos& parts) const override {
    if (!parts.text_encoders.count(kText))
      throw Error(ErrorCode::bad_weights, model.place, "has no text encoder");
    if (parts.text_encoders.at(kText).width != parts.unet.context_width)
      throw Error(ErrorCode::bad_weights, model.place, "its text encoder and its UNet do not belong together");
    return std::make_shared<MyFamily>();
  }
};

}  // namespace

ALICE_PLUGIN("my_plugin", "0.1.0", [](alice::Enrolment& enrol) { enrol.add(std::make_unique<MyFamilyFactory>()); })
