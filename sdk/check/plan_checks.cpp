// Schedulers: the levels that a run visits.

#include <cmath>

#include "core/api/scheduler.h"
#include "sdk/check/refusal.h"
#include "sdk/check/sampling.h"

namespace alice::check {
namespace {

constexpr int64_t kSteps[] = {1, 2, 3, 20, 1000};
constexpr int64_t kUsualSteps = 20;  // some count up to this one must be taken

std::string level_text(const Plan& plan, size_t i) {
  const Level& level = plan.levels[i];
  return "level " + std::to_string(i) + " (alpha " + std::to_string(level.alpha) + ", sigma " +
         std::to_string(level.sigma) + ", t " + std::to_string(level.t) + ")";
}

/// "" or what is wrong.
std::string fault_of(const Plan& plan, int64_t steps, const NoiseModel& model) {
  if (plan.levels.size() != static_cast<size_t>(steps) + 1)
    return "has " + std::to_string(plan.levels.size()) + " levels, not " + std::to_string(steps + 1);
  if (plan.first_step != 0) return "has first_step " + std::to_string(plan.first_step) + ", which only from() sets";
  if (!(plan.init_noise_sigma > 0) || !std::isfinite(plan.init_noise_sigma))
    return "has init_noise_sigma " + std::to_string(plan.init_noise_sigma);
  for (size_t i = 0; i < plan.levels.size(); ++i) {
    const Level& level = plan.levels[i];
    const bool is_level = std::isfinite(level.alpha) && std::isfinite(level.sigma) && level.alpha >= 0 &&
                          level.sigma >= 0 && level.alpha + level.sigma > 0;
    if (!is_level) return level_text(plan, i) + " is none";
    if (i == 0) continue;
    const Level& before = plan.levels[i - 1];
    const double noise = level.sigma * before.alpha, noise_before = before.sigma * level.alpha;
    const bool may_stay = i + 1 == plan.levels.size() && level.sigma > 0;  // one step that ends at the least noise
    if (!(noise < noise_before || (may_stay && noise == noise_before)))
      return level_text(plan, i) + " is no quieter than " + level_text(plan, i - 1);
  }
  for (size_t i = 0; i < plan.steps(); ++i) {
    const double t = plan.levels[i].t;
    if (!(t >= 0 && t <= static_cast<double>(model.train_steps() - 1)))
      return level_text(plan, i) + " has a t that the network never saw: it was trained on 0 to " +
             std::to_string(model.train_steps() - 1);
    if (i > 0 && t > plan.levels[i - 1].t)
      return level_text(plan, i) + " has a later t than " + level_text(plan, i - 1);
  }
  return "";
}

std::string check_plans(const Case& it) {
  const NoiseModel model = usual_noise();
  const auto all = variants(it, Breadth::choices);
  for (const Variant& variant : all)
    for (const int64_t steps : kSteps)
      if (const auto plan = plan_of(variant, steps, model))
        if (const std::string fault = fault_of(*plan, steps, model); !fault.empty())
          fail(at_steps(variant, steps) + ": the plan " + fault);
  some_plan(all.front(), {kUsualSteps, 3, 2, 1}, model);
  return std::to_string(all.size()) + " variants of options";
}

std::string check_refuses(const Case& it) {
  const NoiseModel model = usual_noise();
  const Variant variant = variants(it, Breadth::named).front();
  for (const int64_t steps : {int64_t{0}, int64_t{-1}, int64_t{1} << 40})
    expect_refusal(ErrorCode::bad_request, "plan(" + std::to_string(steps) + ")",
                   [&] { variant.scheduler->plan(steps, model); });
  return "";
}

std::string check_starts_later(const Case& it) {
  const NoiseModel model = usual_noise();
  for (const Variant& variant : variants(it, Breadth::named)) {
    const Plan whole = some_plan(variant, {9, 4, 2}, model);
    for (size_t first = 1; first < whole.steps(); ++first) {
      const Plan rest = whole.from(first);
      SeededNoise noise({it.seed});
      const Tensor start = add_noise(at::full({1, 4, 5, 7}, 0.5), noise.normal({4, 5, 7}), rest.levels.front());
      size_t told = 0;
      const Tensor end = variant.scheduler->sample(some_denoiser, start, rest, model, noise,
                                                   [&](size_t, size_t, const Tensor&) { ++told; });
      const std::string where =
          variant.name + ", from step " + std::to_string(first) + " of " + std::to_string(whole.steps());
      expect(told == rest.steps(), where + ": told of " + std::to_string(told) + " steps");
      expect(end.isfinite().all().item<bool>(), where + ": the result holds numbers that are not finite");
    }
  }
  return "";
}

std::string check_zero_snr(const Case& it) {
  size_t ran = 0;
  for (const Prediction prediction : {Prediction::epsilon, Prediction::v_prediction}) {
    const NoiseModel model = usual_noise(prediction, /*zero_terminal_snr=*/true);
    for (const Variant& variant : variants(it, Breadth::choices)) {
      const auto plan = plan_of(variant, 5, model);
      if (!plan) continue;
      ++ran;
      const Tensor end = run(variant, *plan, model, {it.seed});
      expect(end.isfinite().all().item<bool>(),
             at_steps(variant, 5) + ": the result holds numbers that are not finite");
    }
  }
  return ran == 0 ? "refused, which is allowed" : "";
}

}  // namespace

std::vector<Check> plan_checks() {
  const std::vector<std::string> schedulers = {SchedulerFactory::kKind};
  return {
      {"scheduler/plan-falls",
       "The plan for 1, 2, 3, 20 and 1000 steps has a level more than steps, each quieter than the one before (an "
       "end that keeps noise may equal it), with times that the training had; or those steps are refused with an "
       "Error. Some number up to 20 is taken.",
       "Look at the first and the last level, and at one step: Plan::levels holds steps + 1 of them, the end's "
       "included.",
       "options/defaults-fit", schedulers, check_plans},
      {"scheduler/refuses-steps", "No step, fewer, and 2^40 are Error(bad_request).",
       "Begin plan() with a check that throws Error(ErrorCode::bad_request, \"/steps\", \"must be 1 to ...\").",
       "scheduler/plan-falls", schedulers, check_refuses},
      {"scheduler/starts-later",
       "A run of Plan::from(k), image to image, works from every step and tells of the steps that are left.",
       "Take levels and their number from the plan that sample() is given, not from what plan() made.",
       "scheduler/steps-told", schedulers, check_starts_later},
      {"scheduler/zero-snr",
       "With a noise model that ends in pure noise (alpha 0) a run ends in finite numbers, or plan() refuses it.",
       "Never divide by alpha at the first level; or throw Error(bad_request) from plan() for such a model.",
       "scheduler/finite", schedulers, check_zero_snr},
  };
}

}  // namespace alice::check
