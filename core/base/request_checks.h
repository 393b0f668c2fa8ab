#pragma once
// What only a model can say of a request: asked by the worker, which has the model, and by the front, which has its
// description, so that both say the same.

#include <cstdint>
#include <string>
#include <vector>

#include "core/base/generate_request.h"

namespace alice {

/// Of a model; 0: not known, so nothing is refused for it.
struct RequestLimits {
  int64_t size_multiple = 0;  ///< pixels: both sides are multiples of it
  int64_t text_layers = 0;    ///< of the text encoder: clip_skip is less
  bool needs_picture = false, needs_mask = false;  ///< its network is shown them
};

/// How many of `steps` are done at `strength`: as the reference rounds.
int64_t steps_done(int64_t steps, double strength);

/// Whether a part of the picture alone is made anew: by a mask, by the picture's own transparency, or at its sides.
bool has_mask(const GenerateRequest& request);

/// Whether another model makes the last steps.
bool has_refiner(const GenerateRequest& request);

/// Empties the fields that count with what is not there (RequestField::counts_with: a picture, a mask, a refiner), so
/// that `all`, every default filled in, says no more than what was done. For those that `said` holds, in words that
/// count, a
/// warning is added: what somebody asked for and does not get.
void drop_what_does_not_count(GenerateRequest& all, const GenerateRequest& said, std::vector<std::string>& warnings);

/// Adds a fault, at "/width" and so on, for each value of `request` (every default filled in: with_defaults()) that
/// the model cannot take. A side that is absent is the native one.
void check_request(const GenerateRequest& request, const RequestLimits& limits, Faults& faults);

}  // namespace alice
