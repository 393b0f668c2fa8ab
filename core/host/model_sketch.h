#pragma once
// A model without its weights: shapes alone. It answers what its parts say of themselves, and counts what they would
// compute.

#include "core/host/blueprint.h"
#include "core/host/counting_backend.h"
#include "core/host/model.h"

namespace alice {

/// Const but for the backend's counts; one thread at a time.
struct ModelSketch {
  std::shared_ptr<const CountingBackend> backend;
  Model model;               ///< its parts are on `backend`
  int64_t weight_bytes = 0;    ///< that loading prepares, in the dtype of the real backend
  int64_t file_bytes = 0;      ///< of the files that it reads
};

/// Makes the parts from tensors of the right names, shapes and dtypes that have no memory (expanded zeros); tokenizers
/// and the like are read. Takes some ten milliseconds, most of it the vocabulary. Throws what factories throw.
ModelSketch sketch_model(const Blueprint& blueprint, std::shared_ptr<const Backend> like);

}  // namespace alice
