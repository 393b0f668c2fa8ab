#include "plugins/families/stable_diffusion/published.h"

#include "core/base/text.h"

namespace alice::stable_diffusion {

bool has_under(const ModelContents& model, const std::string& start) {
  if (!model.whole) return false;
  const auto& tensors = model.whole->index().tensors;
  const auto found = tensors.lower_bound(start);
  return found != tensors.end() && starts_with(found->first, start);
}

std::string first_root(const ModelContents& model, const std::vector<std::string>& roots) {
  for (const std::string& root : roots)
    if (has_under(model, root)) return root;
  return "";
}

std::optional<ModelFiles> unet_of(const ModelContents& model) {
  const auto found = model.parts.find(kUNet);
  if (found == model.parts.end()) return std::nullopt;
  ModelFiles files = found->second;
  files.root = first_root(model, {kUNetRoot});
  return files;
}

bool is_told_sizes(const ModelFiles& unet) {
  if (unet.config.is_object() && unet.config.contains("addition_embed_type"))
    return unet.config["addition_embed_type"] == "text_time";
  return unet.has("label_emb.0.0.weight") || unet.has("add_embedding.linear_1.weight");
}

bool is_folder_told_sizes(const ModelContents& model) {
  const auto unet = model.is_folder ? unet_of(model) : std::nullopt;
  return unet && is_told_sizes(*unet);
}

bool has_plain_unet(const ModelContents& model) {
  const auto unet = unet_of(model);
  return unet && unet->has("input_blocks.0.0.weight") && !is_told_sizes(*unet);
}

bool has_linear_projections(const ModelFiles& unet) {
  if (unet.config.is_object() && unet.config.contains("use_linear_projection"))
    return unet.config["use_linear_projection"] == true;
  for (const auto& [name, info] : unet.weights->index().tensors)
    if (starts_with(name, unet.root) && ends_with(name, ".proj_in.weight")) return info.shape.size() == 2;
  return false;
}

const std::vector<std::string>& training_leftovers() {
  static const std::vector<std::string> names = {"model_ema.",
                                                 "denoiser.",
                                                 "embedding_manager.",
                                                 "betas",
                                                 "alphas_cumprod",
                                                 "alphas_cumprod_prev",
                                                 "sqrt_alphas_cumprod",
                                                 "sqrt_one_minus_alphas_cumprod",
                                                 "log_one_minus_alphas_cumprod",
                                                 "sqrt_recip_alphas_cumprod",
                                                 "sqrt_recipm1_alphas_cumprod",
                                                 "posterior_variance",
                                                 "posterior_log_variance_clipped",
                                                 "posterior_mean_coef1",
                                                 "posterior_mean_coef2",
                                                 "lvlb_weights",
                                                 "logvar",
                                                 "scale_factor",
                                                 "v_pred",
                                                 "ztsnr"};
  return names;
}

Edm edm_of(const ModelContents& model) {
  if (!model.whole) return Edm::no;
  const auto& index = model.whole->index();
  if (index.contains("edm_vpred.sigma_max")) return Edm::of_velocity;
  return index.contains("edm_mean") && index.contains("edm_std") ? Edm::of_noise : Edm::no;
}

Json usual_schedule(const ModelContents& model, const char* scheduler_class) {
  Json schedule = {{"_class_name", scheduler_class},        {"num_train_timesteps", 1000}, {"beta_start", 0.00085},
                   {"beta_end", 0.012},                     {"beta_schedule", "scaled_linear"},
                   {"timestep_spacing", "leading"},         {"steps_offset", 1}};
  if (model.whole && model.whole->index().contains("v_pred")) schedule["prediction_type"] = "v_prediction";
  if (model.whole && model.whole->index().contains("ztsnr")) schedule["rescale_betas_zero_snr"] = true;
  return schedule;
}

}  // namespace alice::stable_diffusion
