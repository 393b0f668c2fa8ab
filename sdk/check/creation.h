#pragma once
// Making objects of the plugin.

#include <functional>
#include <memory>

#include "core/api/factory.h"
#include "sdk/check/check.h"

namespace alice::check {

/// Calls create() of the case's factory and lets the result go.
using Create = std::function<void(const OptionLayers&)>;
/// Of a model, with the weights of its first sample (see model_samples()). `it` must outlive the result.
Create creation(const Case& it);

}  // namespace alice::check
