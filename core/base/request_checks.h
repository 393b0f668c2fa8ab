#pragma once
// What only a model can say of a request: asked by the worker, which has the model, and by the front, which has its
// description, so that both say the same.

#include <cstdint>

#include "core/base/generate_request.h"

namespace alice {

/// Of a model; 0: not known, so nothing is refused for it.
struct RequestLimits {
  int64_t size_multiple = 0;  ///< pixels: both sides are multiples of it
  int64_t text_layers = 0;    ///< of the text encoder: clip_skip is less
};

/// Adds a fault, at "/width" and so on, for each value of `request` (every default filled in: with_defaults()) that
/// the model cannot take. A side that is absent is the native one.
void check_request(const GenerateRequest& request, const RequestLimits& limits, Faults& faults);

}  // namespace alice
