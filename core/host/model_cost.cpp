#include "core/host/model_cost.h"

#include <c10/core/InferenceMode.h>

#include <algorithm>
#include <functional>

#include "core/host/assemble.h"
#include "core/host/memory_watch.h"

namespace alice {
namespace {

// Sides of the latent maps that are tried: large enough that what grows with them counts, small enough to be quick.
constexpr std::array<int64_t, 3> kNetworkSides = {16, 32, 48}, kDecoderSides = {8, 16, 24};
// The plain kernels compute scores in blocks of so many, and hold two blocks (core/api/backend.cpp).
constexpr double kScoresAtOnce = 16 << 20, kBytesOfScore = 2 * sizeof(float);

/// One call at one size and batch.
struct Sample {
  KernelCounts counts;
  double bytes = 0;
};

using Call = std::function<void(int64_t side, int64_t rows)>;

Sample sample(const CountingBackend& backend, const Call& call, int64_t side, int64_t rows) {
  backend.take_counts();
  const MemoryWatch memory;
  call(side, rows);
  return {backend.take_counts(), static_cast<double>(memory.most())};
}

CallCost cost_of_call(const CountingBackend& backend, const std::array<int64_t, 3>& sides, const Call& call) {
  std::array<double, 3> positions{}, operations{}, bytes{};
  Sample last;
  for (size_t i = 0; i < sides.size(); ++i) {
    last = sample(backend, call, sides[i], 1);
    positions[i] = static_cast<double>(sides[i] * sides[i]);
    operations[i] = last.counts.operations;
    bytes[i] = last.bytes;
  }
  CallCost cost;
  cost.kernels = last.counts.calls;
  cost.operations = Curve::through(positions, operations);
  // Memory is that of one moment, which may be another for small maps: the line through the larger two.
  cost.bytes.linear = std::max(0.0, (bytes[2] - bytes[1]) / (positions[2] - positions[1]));
  cost.bytes.constant = std::max(0.0, bytes[2] - cost.bytes.linear * positions[2]);
  cost.row_share = (sample(backend, call, sides.back(), 2).bytes - bytes[2]) / bytes[2];
  cost.scores = last.counts.most_scores / (positions[2] * positions[2]);
  return cost;
}

/// Of a prompt: those of several encoders stand side by side.
int64_t tokens_of(const Model& model) { return model.text_encoders.at(model.texts.front().role)->info().token_limit; }

/// Everything lives within one call, so that whoever watches memory sees it come and go.
CallCost cost_of_network(const ModelSketch& sketch, const Shortcuts& shortcuts, bool keeps_depth) {
  const UNet& unet = *sketch.model.unet;
  const CountingBackend& backend = *sketch.backend;
  const auto* own = static_cast<const UNetShortcuts*>(unet.extension(kUNetShortcuts));
  const bool uses = shortcuts.any() && own != nullptr;
  return cost_of_call(backend, kNetworkSides, [&](int64_t side, int64_t rows) {
    const Conditioning conditioning = blank_conditioning(sketch.model, rows, tokens_of(sketch.model));
    const Tensor x = at::zeros({rows, unet.info().in_channels, side, side}), t = at::zeros({rows});
    if (!uses) {
      const auto run = unet.prepare(conditioning);
      backend.take_counts();  // what is computed once a run
      run->predict(x, t);
      return;
    }
    const auto run = own->prepare_shortcuts(conditioning, {shortcuts.token_merging_ratio});
    if (keeps_depth) run->predict(x, t);
    backend.take_counts();
    keeps_depth ? run->predict_with_kept_depth(x, t) : run->predict(x, t);
  });
}

CallCost cost_of_decoder(const ModelSketch& sketch) {
  const Vae& vae = *sketch.model.vae;
  return cost_of_call(*sketch.backend, kDecoderSides, [&](int64_t side, int64_t rows) {
    vae.decode(at::zeros({rows, vae.info().latent_channels, side, side}));
  });
}

/// By the sides of the latents that come out.
CallCost cost_of_reading(const ModelSketch& sketch) {
  const Vae& vae = *sketch.model.vae;
  return cost_of_call(*sketch.backend, kDecoderSides, [&](int64_t side, int64_t rows) {
    vae.encode(at::zeros({rows, 3, side * vae.info().reduction, side * vae.info().reduction}));
  });
}

/// Both prompts by every encoder, one after another.
CallCost cost_of_encoders(const ModelSketch& sketch) {
  CallCost cost;
  for (const TextUse& use : sketch.model.texts) {
    const TextEncoder& encoder = *sketch.model.text_encoders.at(use.role);
    const Tensor ids = at::tensor(encoder.tokenize("").padded).unsqueeze(0);
    const Call encode = [&](int64_t, int64_t rows) {
      encoder.encode(ids.repeat({rows, 1}), use.layers_back, use.final_norm);
    };
    const Sample one = sample(*sketch.backend, encode, 0, 2);
    cost.kernels += one.counts.calls;
    cost.operations.constant += one.counts.operations;
    cost.bytes.constant = std::max(cost.bytes.constant, one.bytes);
  }
  return cost;
}

}  // namespace

Curve Curve::through(const std::array<double, 3>& p, const std::array<double, 3>& value) {
  const double first = (value[1] - value[0]) / (p[1] - p[0]), second = (value[2] - value[1]) / (p[2] - p[1]);
  Curve curve;
  curve.square = std::max(0.0, (second - first) / (p[2] - p[0]));
  curve.linear = std::max(0.0, second - curve.square * (p[1] + p[2]));
  curve.constant = std::max(0.0, value[2] - p[2] * (curve.linear + p[2] * curve.square));
  return curve;
}

int64_t CallCost::bytes_of(double p, int64_t rows) const {
  const double further = static_cast<double>(rows - 1) * row_share;
  return static_cast<int64_t>(bytes.at(p) * (1 + further) + kBytesOfScore * std::min(scores * p * p, kScoresAtOnce));
}

ModelCost cost_of(const ModelSketch& sketch, const Shortcuts& shortcuts, bool reads_picture, const OnStage& on_stage) {
  const c10::InferenceMode no_gradients;
  ModelCost cost;
  on_stage(JobStage::encode);
  cost.encode = cost_of_encoders(sketch);
  if (reads_picture) cost.picture = cost_of_reading(sketch);
  on_stage(JobStage::denoise);
  cost.network = cost_of_network(sketch, shortcuts, /*keeps_depth=*/false);
  if (shortcuts.deepcache_interval > 1) cost.shallow = cost_of_network(sketch, shortcuts, /*keeps_depth=*/true);
  on_stage(JobStage::decode);
  cost.decode = cost_of_decoder(sketch);
  return cost;
}

}  // namespace alice
