#pragma once
// What a model's stages cost as functions of the picture's size, from its shapes.

#include <array>

#include "core/host/guided_network.h"
#include "core/host/model_sketch.h"
#include "core/host/warm_up.h"

namespace alice {

/// a + b p + c p^2 of the positions p of a latent map: convolutions grow with p, attention with its square.
struct Curve {
  double constant = 0, linear = 0, square = 0;

  double at(double p) const { return constant + p * (linear + p * square); }
  /// Through three points with different p. What is rounded below zero is zero.
  static Curve through(const std::array<double, 3>& p, const std::array<double, 3>& value);
};

/// Of one call of a part of the model.
struct CallCost {
  double kernels = 0;  ///< calls of kernels, at any size and batch
  Curve operations;    ///< of one row of the batch
  Curve bytes;         ///< held at most by one row, but for the scores of attention
  double row_share = 1;  ///< of these bytes, how much a further row adds
  double scores = 0;     ///< query-key pairs of the largest attention, over p^2

  double operations_of(double p, int64_t rows) const { return operations.at(p) * static_cast<double>(rows); }
  int64_t bytes_of(double p, int64_t rows) const;
};

struct ModelCost {
  CallCost encode;   ///< both prompts, p of no account
  CallCost network;  ///< one call of the UNet, all its levels
  CallCost shallow;  ///< one that keeps the depth of the last; only where shortcuts have an interval
  CallCost decode;
  CallCost picture;  ///< one call of the VAE's encoder; only where a picture is read
};

/// Runs the sketch at a few small sizes; `on_stage` is told whose code runs next. Exact in operations for sizes that
/// the model halves without rest. Takes some ten milliseconds for a small model, a few hundred for one of the size of
/// SD 1.5. Throws what the parts throw.
ModelCost cost_of(const ModelSketch& sketch, const Shortcuts& shortcuts, bool reads_picture, const OnStage& on_stage);

}  // namespace alice
