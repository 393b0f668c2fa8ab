#pragma once
// Runs of an ensemble: one ends early, and another goes on with its latents.

#include "core/host/make/sampling.h"
#include "server/worker/compat/reference_call.h"

namespace alice {

/// Where the run begins: in another's latents, or as its pictures say.
Start start_of(const Model& model, const Settings& settings, const ReferenceCall& call, NoiseSource& noise);

/// The share of the plan that the call asks for.
Tensor run_stretch(Sampling& sampling, const Pass& pass, const Tensor& x, const ReferenceCall& call);

}  // namespace alice
