#pragma once
// Which calls of the network a job's steps are.

#include <map>

#include "core/host/settings.h"

namespace alice {

/// A kind of call.
struct NetworkCall {
  bool guided = false;   ///< Guidance::rows() a picture, else one
  bool shallow = false;  ///< the depth of an earlier call is kept
  bool operator<(const NetworkCall& other) const {
    return std::pair(guided, shallow) < std::pair(other.guided, other.shallow);
  }
};

/// Steps [first, end) of a plan.
struct StepRange {
  size_t first = 0, end = 0;
};

/// Of a group of pictures, in the steps `range` of plan_of(settings): kind -> how often, when the sampler asks once a
/// step (of second order it asks more often).
/// Asks the guided network itself, with a UNet that answers zeros on latents of one position: some microseconds a step.
/// `model` is a sketch or a loaded model; of its parts only what they say of themselves is used, and no sampler's
/// loop runs, which is not to be trusted yet. Throws what GuidedNetwork and the scheduler's plan() throw.
std::map<NetworkCall, int64_t> network_calls(const Model& model, const Settings& settings, const StepRange& range);

}  // namespace alice
