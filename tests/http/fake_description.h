#pragma once

#include "core/base/json.h"

namespace alice {

/// What FakeJobService's workers say of themselves (Described in server/link/message.h): a model, one that is broken, a
/// scheduler.
Json fake_description();

}  // namespace alice
