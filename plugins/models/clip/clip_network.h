#pragma once
// The network of a CLIP text encoder (Radford et al. 2021): a causal transformer with its norms before attention and
// perceptron.

#include "core/api/text_encoder.h"
#include "plugins/models/clip/clip_config.h"

namespace alice::clip {

/// Immutable; any thread.
class ClipNetwork {
 public:
  /// Prepares every weight. Throws Error(bad_weights).
  ClipNetwork(const ClipConfig& config, const ModelWeights& weights);

  /// [B, T] -> the embeddings and the states after the first `layers` layers: layers + 1 tensors [B, T, D].
  std::vector<Tensor> states(const TokenInput& input, int64_t layers) const;
  /// x [B, T, D].
  Tensor final_norm(const Tensor& x) const;
  /// The last state with its final norm [B, T, D] -> the projected state of each prompt's end [B, P].
  Tensor pool(const Tensor& ids, const Tensor& normed) const;

 private:
  struct Norm {
    Tensor weight, bias;
  };
  struct Layer {
    Norm before_attention, before_perceptron;
    PreparedWeightPtr q, k, v, out, fc1, fc2;
  };
  Tensor embedded(const TokenInput& input) const;
  Tensor run(const Layer& layer, const Tensor& x) const;
  Tensor normed(const Norm& norm, const Tensor& x) const;

  ClipConfig config_;
  ModelWeights
      weights_;  // gives the rows of the tokens that a prompt has: the whole embedding is a third of all weights
  std::shared_ptr<const Backend> backend_;
  Tensor position_embedding_;
  std::vector<Layer> layers_;
  Norm final_norm_;
  PreparedWeightPtr projection_;  // null without a projection
};

}  // namespace alice::clip
