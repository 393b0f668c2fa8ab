// One text encoder, whose tokens are all that the network is told: SD 1.x and 2.x, and what was made from them.

#include "plugins/families/stable_diffusion/families.h"
#include "plugins/families/stable_diffusion/fit.h"
#include "plugins/families/stable_diffusion/published.h"

namespace alice::stable_diffusion {
namespace {

constexpr const char* kClipRoot = "cond_stage_model.transformer.";
constexpr const char* kOpenClipRoot = "cond_stage_model.model.";
constexpr const char* kLaterOpenClipRoot = "conditioner.embedders.0.model.";  // SD-Turbo's, of SDXL's time

class OneEncoder final : public Family {
 public:
  Conditioning condition(const Told& told) const override { return {{"tokens", told.texts.at(kText).tokens}}; }
};

bool is_in_folder(const ModelContents& model) {
  return model.parts.count(kUNet) > 0 && model.parts.count(kText2) == 0 && model.classes.count(kText2) == 0 &&
         !is_folder_told_sizes(model);
}

bool is_in_file(const ModelContents& model) {
  if (has_under(model, kConditioner)) return has_under(model, kLaterOpenClipRoot) && has_plain_unet(model);
  const auto unet = unet_of(model);
  if (unet && unet->has("input_blocks.0.0.weight"))
    return has_under(model, "cond_stage_model.") || !is_told_sizes(*unet);
  return has_under(model, kUNetRoot) || has_under(model, "cond_stage_model.") || has_under(model, kVaeRoot);
}

/// Networks with linear projections were published with either prediction; the older ones predict the noise.
Json schedule_of(const ModelContents& model, const ModelFiles& unet) {
  Json schedule = usual_schedule(model, "PNDMScheduler");
  schedule["set_alpha_to_one"] = false, schedule["skip_prk_steps"] = true, schedule["clip_sample"] = false;
  if (!schedule.contains("prediction_type") && !has_linear_projections(unet)) schedule["prediction_type"] = "epsilon";
  return schedule;
}

/// Latent consistency models are told the guidance scale; their pipeline takes a scheduler as it is.
bool has_mending_pipeline(const ModelFiles& unet) {
  const Json told = unet.config.is_object() ? unet.config.value("time_cond_proj_dim", Json()) : Json();
  return told.is_null() && !unet.has("time_embed.cond_proj.weight") && !unet.has("time_embedding.cond_proj.weight");
}

class OneEncoderFactory final : public FamilyFactory {
 public:
  const FactoryInfo& info() const override {
    static const FactoryInfo info = {
        "one_encoder", "One text encoder, whose tokens are all that the network is told: SD 1.x and 2.x.", {}, {}, {}};
    return info;
  }

  std::optional<FamilyRecognition> recognise(const ModelContents& model, bool) const override {
    if (model.is_folder ? !is_in_folder(model) : !is_in_file(model)) return std::nullopt;
    const std::string text = first_root(model, {kClipRoot, kOpenClipRoot, kLaterOpenClipRoot});
    // SD 2.x was trained on the last layer but one of its OpenCLIP, and has no use for the last, which its files keep.
    const bool is_open_clip = text == kOpenClipRoot || text == kLaterOpenClipRoot;
    const Json told_text = is_open_clip ? Json{{"drops_last_layer", true}} : Json();
    FamilyRecognition out;
    out.parts = {{kText, "text_encoder", text, told_text},
                 {kUNet, "unet", first_root(model, {kUNetRoot}), {}},
                 {kVae, "vae", first_root(model, {kVaeRoot}), {}}};
    out.texts = {{kText, 0, true}};
    out.passed_over = training_leftovers();
    if (const auto unet = unet_of(model)) {
      out.description = has_linear_projections(*unet) ? "SD 2.x" : "SD 1.x";
      out.schedule = schedule_of(model, *unet);
      if (has_mending_pipeline(*unet)) out.schedule_corrections = {{"steps_offset", 1}, {"clip_sample", false}};
    }
    return out;
  }

  std::shared_ptr<const Family> create(const ModelContents& model, const PartInfos& parts) const override {
    check_fit(model, parts, {encoder_of(model, parts, kText).width, {}});
    return std::make_shared<OneEncoder>();
  }
};

}  // namespace

std::unique_ptr<FamilyFactory> one_encoder_factory() { return std::make_unique<OneEncoderFactory>(); }

}  // namespace alice::stable_diffusion
