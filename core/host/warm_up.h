#pragma once
// A model's first steps, before anybody waits for them.

#include <functional>

#include "core/host/make/generate.h"

namespace alice {

/// Told before each stage begins. What it throws ends the warming up there.
using OnStage = std::function<void(JobStage)>;

/// Calls every part of the model as one picture of these settings would, and throws the results away: the text
/// encoder for the prompts, the network once with guidance and once without where the steps have both, the decoder. So
/// what parts and backend make at their first call of a shape is there afterwards. Throws what they throw, and
/// Error(internal) when the decoder's numbers are not finite. Any thread.
void warm_up(const Model& model, const Settings& settings, const OnStage& on_stage);

}  // namespace alice
