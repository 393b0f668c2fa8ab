#pragma once
// What the published models of Stable Diffusion have in common: how their single files name what is in them, and the
// noise schedule that all were trained with.

#include "core/api/family.h"

namespace alice::stable_diffusion {

inline constexpr const char* kText = "text_encoder";
inline constexpr const char* kText2 = "text_encoder_2";
inline constexpr const char* kUNet = "unet";
inline constexpr const char* kVae = "vae";

/// How a single file begins the names of its parts. A UNet alone is in files without a root, too.
inline constexpr const char* kUNetRoot = "model.diffusion_model.";
inline constexpr const char* kVaeRoot = "first_stage_model.";
inline constexpr const char* kConditioner = "conditioner.";  // of those that are told sizes

/// Has the file, or the folder's `role`, a tensor whose name begins with `start`?
bool has_under(const ModelContents& model, const std::string& start);
/// The first of `roots` that there is in a file; "" when there is none, and of a folder.
std::string first_root(const ModelContents& model, const std::vector<std::string>& roots);
/// The UNet, of a single file with its root.
std::optional<ModelFiles> unet_of(const ModelContents& model);
/// Is the network told sizes beside its text?
bool is_told_sizes(const ModelFiles& unet);
/// Of a folder: is its network told sizes?
bool is_folder_told_sizes(const ModelContents& model);
/// Is a whole network there, in the names of single files, that is told no sizes?
bool has_plain_unet(const ModelContents& model);
/// Are there linear layers around its transformers, where older networks have convolutions?
bool has_linear_projections(const ModelFiles& unet);

/// Roots and names of single files that are of no use for making pictures.
const std::vector<std::string>& training_leftovers();
/// How the file's flags say that the network was trained with EDM's preconditioning (Karras et al. 2022).
enum class Edm {
  no,
  of_noise,     ///< Playground v2.5: and the latents have a mean and a deviation of their own
  of_velocity,  ///< CosXL
};
Edm edm_of(const ModelContents& model);

/// scheduler_config.json of a class that all were trained under, with what the flags among a file's tensors say.
Json usual_schedule(const ModelContents& model, const char* scheduler_class);

}  // namespace alice::stable_diffusion
