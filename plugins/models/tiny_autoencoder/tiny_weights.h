#pragma once
// The weights of a tiny autoencoder and how files name them: diffusers' AutoencoderTiny; madebyollin/taesd's state with
// both halves; and taesd's decoder file, in which layers have bare numbers. (Its encoder file uses the same numbers for
// other layers, so the two files are no model together: convert them to one.)

#include "plugins/models/tiny_autoencoder/tiny_config.h"

namespace alice::tiny {

/// How one file names them. taesd counts its clamp as the decoder's layer 0; diffusers does not.
struct TinyNames {
  std::string layout;               ///< "diffusers" or "taesd"
  std::string encoder, decoder;     ///< before a layer's number
  int64_t first_decoder_layer = 0;  ///< the number of the decoder's first convolution
  bool has_encoder = false, has_decoder = true;
};

/// Empty when there is no tiny autoencoder in the index.
std::optional<TinyNames> find_tiny(const TensorIndex& index);

/// What names and shapes tell: everything but the scale, which is 1 in every published one.
TinyConfig derive_tiny_config(const TensorIndex& index, const TinyNames& names);

std::vector<WantedParameter> tiny_parameters(const TinyConfig& config, const TinyNames& names);

}  // namespace alice::tiny
