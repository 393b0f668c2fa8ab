#pragma once
// What a request for a model means where it says nothing, as the model's own files have it.

#include "core/base/generate_request.h"

namespace alice {

/// Fills what `configured` (the configuration's defaults of the model) leaves open from `own`: StoredModel::defaults,
/// null or an object of model_default_names(). `place` says where a member
/// of `own` stands. Adds a fault for each member that is another or has a wrong value.
void fill_defaults(GenerateRequest& configured, const Json& own, const PlaceOf& place, Faults& faults);

}  // namespace alice
