// SDXL: the tokens of two text encoders side by side, the pooled text of the second, and six sizes (Podell et al. 2023,
// "SDXL: Improving Latent Diffusion Models for High-Resolution Image Synthesis", section 2.2).

#include <ATen/ATen.h>

#include "plugins/families/stable_diffusion/families.h"
#include "plugins/families/stable_diffusion/fit.h"
#include "plugins/families/stable_diffusion/published.h"
#include "plugins/families/stable_diffusion/sizes.h"

namespace alice::stable_diffusion {
namespace {

constexpr const char* kFirstRoot = "conditioner.embedders.0.transformer.";
constexpr const char* kSecondRoot = "conditioner.embedders.1.model.";
constexpr int64_t kTimeIds = 6;

class TwoEncoders final : public Family {
 public:
  explicit TwoEncoders(bool zeros_for_none) : zeros_for_none_(zeros_for_none) {}

  Conditioning condition(const Told& told) const override {
    const TextEncoding &first = told.texts.at(kText), &second = told.texts.at(kText2);
    Tensor tokens = at::cat({to_host(first.tokens), to_host(second.tokens)}, -1);
    Tensor pooled = to_host(second.pooled);
    if (zeros_for_none_ && told.is_negative && !told.is_given)
      tokens = at::zeros_like(tokens), pooled = at::zeros_like(pooled);
    return {{"tokens", tokens},
            {"pooled", pooled},
            {"time_ids", numbers({told.original_height, told.original_width, told.crop_top, told.crop_left,
                                  told.target_height, told.target_width})}};
  }

 private:
  const bool zeros_for_none_;
};

bool is_in_folder(const ModelContents& model) {
  return model.parts.count(kUNet) > 0 && model.parts.count(kText) > 0 && model.parts.count(kText2) > 0 &&
         model.classes.count("text_encoder_3") == 0;
}

bool is_in_file(const ModelContents& model) {
  if (has_under(model, "conditioner.embedders.1.")) return true;
  const auto unet = unet_of(model);  // alone; a refiner's alone is told by the configuration
  return unet && unet->has("input_blocks.0.0.weight") && is_told_sizes(*unet) && !has_under(model, kConditioner) &&
         !has_under(model, "cond_stage_model.");
}

class TwoEncodersFactory final : public FamilyFactory {
 public:
  const FactoryInfo& info() const override {
    static const FactoryInfo info = {"two_encoders",
                                     "Two text encoders, and a network that is told sizes beside their text: SDXL.",
                                     {}, {}, {}};
    return info;
  }

  std::optional<FamilyRecognition> recognise(const ModelContents& model, bool) const override {
    if (model.is_folder ? !is_in_folder(model) : !is_in_file(model)) return std::nullopt;
    FamilyRecognition out;
    out.description = "SDXL";
    out.parts = {{kText, "text_encoder", first_root(model, {kFirstRoot}), {}},
                 {kText2, "text_encoder", first_root(model, {kSecondRoot}), {}},
                 {kUNet, "unet", first_root(model, {kUNetRoot}), unet_words(kTimeIds)},
                 {kVae, "vae", first_root(model, {kVaeRoot}), vae_words(model)}};
    out.texts = {{kText, 1, false}, {kText2, 1, false}};
    out.passed_over = passed_over();
    out.schedule = schedule_of(model);
    return out;
  }

  std::shared_ptr<const Family> create(const ModelContents& model, const PartInfos& parts) const override {
    const TextEncoderInfo &first = encoder_of(model, parts, kText), &second = encoder_of(model, parts, kText2);
    check_fit(model, parts,
              {first.width + second.width, {{"pooled", second.pooled_width}, {"time_ids", kTimeIds}}});
    return std::make_shared<TwoEncoders>(wants_zeros(model, true));
  }
};

}  // namespace

std::unique_ptr<FamilyFactory> two_encoders_factory() { return std::make_unique<TwoEncodersFactory>(); }

}  // namespace alice::stable_diffusion
