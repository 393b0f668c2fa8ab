#pragma once
// A second model that makes the last steps: whether it can go on with the first one's latents, and with which settings.

#include "core/host/settings.h"

namespace alice {

/// The time of the training schedule below which the refiner is asked: (1 - start) T, rounded as the reference rounds
/// its denoising_end and denoising_start. A call of the network at this time is still the first model's.
double hand_over_time(double start, const NoiseModel& noise_model);

/// How many of the levels of plan_of(settings), the end's not included, are the first model's. Of a sampler that asks
/// several times a step it may take over within the last of them.
size_t steps_before_refiner(const Settings& settings);

/// How `refiner` goes on where `first` stops, of which `model` are the parts: with its scheduler and levels, prompts
/// and guidance; `own` is the refiner's own choice, whose kind of prediction counts. Throws Error(bad_request) at
/// "/refiner" where their latents or what their networks are told of time are not alike, or one of the two is shown the
/// picture; at "/clip_skip" where it is too large.
Settings settings_for_refiner(const Settings& first, const Model& model, const Model& refiner,
                              const ChosenScheduler& own);

}  // namespace alice
