#pragma once
// The checks of one model, from the cheapest to the dearest: what runs before anything expensive.

#include <string>

#include "core/host/composer.h"
#include "server/worker/check/report.h"

namespace alice {

/// No tensor data: every tensor that the architecture needs is there with the right shape, and the files beside them
/// (a vocabulary) can be used. A case for each part, for its files, and for the scheduler. `facts` receives what was
/// found out (see describe_blueprint), null when nothing could be.
Report check_model(const Composer& composer, const std::string& name, Json& facts);

/// Loads every weight of every part: a case for the model, and one for the VAE's encoder, whose weights a VAE may leave
/// until it encodes.
Report check_load(Composer& composer, const std::string& name);

/// A few steps at the native size: finite latents after each, and a picture that is not flat.
Report check_infer(Composer& composer, const std::string& name);

/// `facts` for people, a line a fact.
std::string facts_text(const Json& facts);

}  // namespace alice
