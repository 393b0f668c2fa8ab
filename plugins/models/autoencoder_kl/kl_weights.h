#pragma once
// The weights of an AutoencoderKL and how files name them: diffusers (today's and older names of the attention), and
// latent diffusion's own, within a single-file model or alone.

#include "plugins/models/autoencoder_kl/kl_config.h"

namespace alice::kl {

/// How one file names them.
struct KlNames {
  bool is_ldm = false;
  bool has_encoder = true;  ///< false for a decoder alone
};

/// Empty when there is no such VAE in the files.
std::optional<KlNames> find_kl(const ModelFiles& files);

/// What the names and shapes of the LDM layout tell, and files.told: {"scaling_factor": 0.13025}. What they cannot tell
/// is a fault that asks for settings.
KlConfig derive_kl_config(const ModelFiles& files, const KlNames& names, std::vector<Fault>& faults);

std::vector<WantedParameter> kl_parameters(const KlConfig& config, bool has_encoder);

/// Of this VAE, and known to be of no use (names without the root): the training loss, averaged copies, what belongs to an encoder that is not
/// there.
bool passes_over(const std::string& name, const KlNames& names);

}  // namespace alice::kl
