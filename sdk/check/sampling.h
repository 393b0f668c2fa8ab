#pragma once
// What schedulers are tried with: options that make their paths differ, noise models, denoisers, whole runs.

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/math/noise_model.h"
#include "core/math/noise_source.h"
#include "sdk/check/check.h"

namespace alice::check {

/// A scheduler made with some options.
struct Variant {
  std::string name;  ///< "use_karras_sigmas = true", for messages
  std::shared_ptr<const Scheduler> scheduler;
};

enum class Breadth {
  named,    ///< the defaults, and every alias
  choices,  ///< and every boolean, choice and value of a small range of integers on its own
  all,      ///< and a number amid each range, and pairs of all these, drawn by the case's seed
};

/// Of the options that create() takes; the defaults come first.
std::vector<Variant> variants(const Case& it, Breadth breadth);

/// 1000 training steps from abar 0.9991 to 0.0047, the square roots of beta evenly spaced.
NoiseModel usual_noise(Prediction prediction = Prediction::epsilon, bool zero_terminal_snr = false);

/// Empty when the scheduler refuses that many steps, or this noise model, with an Error that says so.
std::optional<Plan> plan_of(const Variant& variant, int64_t steps, const NoiseModel& model);
/// The plan for the first of `steps` that the scheduler takes. Fails when it takes none.
Plan some_plan(const Variant& variant, const std::vector<int64_t>& steps, const NoiseModel& model);

/// Not linear, and the same for a row whatever its neighbours.
Tensor some_denoiser(const Tensor& x, const Level& level);
void ignore_step(size_t done, size_t total, const Tensor& x);

/// Pure noise at the start of `plan`, [seeds, 4, 5, 7] float32; `noise` goes on behind it.
Tensor start_of(const Plan& plan, SeededNoise& noise);
/// A whole run of some_denoiser from pure noise, an image a seed.
Tensor run(const Variant& variant, const Plan& plan, const NoiseModel& model, const std::vector<uint64_t>& seeds);

/// "use_karras_sigmas = true, 20 steps"
std::string at_steps(const Variant& variant, int64_t steps);

}  // namespace alice::check
