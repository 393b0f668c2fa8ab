#pragma once
// Parts that are loaded, and what belongs to a model beside them.

#include "core/host/blueprint.h"
#include "core/host/model.h"

namespace alice {

/// Joins the parts of `plan`. Throws Error(bad_weights) when its family says that they do not belong together, and
/// Error(unsupported) for a network that is asked with more than latents.
Model assemble(const Blueprint& plan, std::shared_ptr<const Backend> backend, LoadedParts parts);

/// As much conditioning as the network wants, of zeros: for those who count what it computes. A row each.
Conditioning blank_conditioning(const Model& model, int64_t rows, int64_t tokens);

}  // namespace alice
