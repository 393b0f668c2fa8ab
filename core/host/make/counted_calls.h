#pragma once
// How prompts that change count a run's calls of the network.

#include "core/host/model.h"
#include "core/host/settings.h"

namespace alice {

/// How many calls the schedules of a request's prompts are made for: where one of them changes counted_calls(), else
/// the steps.
int64_t calls_of(const Model& model, const Settings& settings);

/// The steps that are asked for, twice as many where the sampler asks the network about twice a step: A1111 builds the
/// schedules of its second-order samplers for twice the steps (total_steps in modules/sd_samplers_common.py). Found out
/// by a run on latents of one position with a network that answers zeros. Of a picture's result all steps count, those
/// that are left out among them, as there. Throws PluginFault.
int64_t counted_calls(const Model& model, const Settings& settings);

}  // namespace alice
