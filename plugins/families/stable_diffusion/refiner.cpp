// SDXL's refiner: the second of SDXL's text encoders alone, and five numbers: sizes and an aesthetic score (Podell et
// al. 2023, section 2.5; the numbers as the published model has them).

#include "plugins/families/stable_diffusion/families.h"
#include "plugins/families/stable_diffusion/fit.h"
#include "plugins/families/stable_diffusion/published.h"
#include "plugins/families/stable_diffusion/sizes.h"

namespace alice::stable_diffusion {
namespace {

constexpr const char* kOnlyRoot = "conditioner.embedders.0.model.";
constexpr int64_t kTimeIds = 5;
constexpr double kScore = 6.0, kNegativeScore = 2.5;  // as diffusers' pipeline has them

class Refiner final : public Family {
 public:
  Refiner(std::string text, bool zeros_for_none) : text_(std::move(text)), zeros_for_none_(zeros_for_none) {}

  Conditioning condition(const Told& told) const override {
    const TextEncoding& text = told.texts.at(text_);
    Tensor tokens = to_host(text.tokens), pooled = to_host(text.pooled);
    if (zeros_for_none_ && told.is_negative && !told.is_given)
      tokens = at::zeros_like(tokens), pooled = at::zeros_like(pooled);
    Tensor ids = numbers({told.original_height, told.original_width, told.crop_top, told.crop_left, 0});
    ids[0][kTimeIds - 1] = told.aesthetic_score.value_or(told.is_negative ? kNegativeScore : kScore);
    return {{"tokens", tokens}, {"pooled", pooled}, {"time_ids", ids}};
  }

 private:
  const std::string text_;  // the encoder's role
  const bool zeros_for_none_;
};

/// The published folder has it as the second of SDXL's; its first draft, and what was made from that, as the only one.
std::string text_role(const ModelContents& model) {
  return model.is_folder && model.parts.count(kText2) == 0 ? kText : kText2;
}

bool is_in_folder(const ModelContents& model) {
  if (model.parts.count(kUNet) == 0 || model.parts.count(text_role(model)) == 0) return false;
  return model.parts.count(kText2) == 0 ? is_folder_told_sizes(model) : model.parts.count(kText) == 0;
}

/// A UNet alone has the tensors that SDXL's has: only the configuration tells.
bool is_in_file(const ModelContents& model, bool is_named) {
  if (has_under(model, "conditioner.embedders.1.")) return false;
  const auto unet = unet_of(model);
  const bool may_be = is_named && unet && is_told_sizes(*unet);
  return may_be || (has_under(model, kOnlyRoot) && !has_plain_unet(model));
}

class RefinerFactory final : public FamilyFactory {
 public:
  const FactoryInfo& info() const override {
    static const FactoryInfo info = {
        "xl_refiner",
        "One text encoder with pooled text, and a network that is told sizes and a score: SDXL's refiner.",
        {}, {}, {}};
    return info;
  }

  std::optional<FamilyRecognition> recognise(const ModelContents& model, bool is_named) const override {
    if (model.is_folder ? !is_in_folder(model) : !is_in_file(model, is_named)) return std::nullopt;
    const std::string text = text_role(model);
    FamilyRecognition out;
    out.description = "SDXL refiner";
    out.parts = {{text, "text_encoder", first_root(model, {kOnlyRoot}), {}},
                 {kUNet, "unet", first_root(model, {kUNetRoot}), unet_words(kTimeIds)},
                 {kVae, "vae", first_root(model, {kVaeRoot}), vae_words(model)}};
    out.texts = {{text, 1, false}};
    out.passed_over = passed_over();
    out.schedule = schedule_of(model);
    return out;
  }

  std::shared_ptr<const Family> create(const ModelContents& model, const PartInfos& parts) const override {
    const std::string role = text_role(model);
    const TextEncoderInfo& text = encoder_of(model, parts, role);
    check_fit(model, parts, {text.width, {{"pooled", text.pooled_width}, {"time_ids", kTimeIds}}});
    return std::make_shared<Refiner>(role, wants_zeros(model, false));
  }
};

}  // namespace

std::unique_ptr<FamilyFactory> refiner_factory() { return std::make_unique<RefinerFactory>(); }

}  // namespace alice::stable_diffusion
