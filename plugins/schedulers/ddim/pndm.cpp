#include "plugins/schedulers/ddim/pndm.h"

#include <algorithm>
#include <deque>

#include "core/math/x0_estimate.h"
#include "plugins/schedulers/ddim/discrete_levels.h"

namespace alice::schedulers {
namespace {

/// One run: the state that PLMS and PRK share.
class Run {
 public:
  Run(const Denoise& denoise, const DiscreteLevels& levels, Prediction prediction)
      : denoise_(denoise), levels_(levels), predicts_velocity_(prediction == Prediction::v_prediction) {}

  /// PRK: the classical Runge-Kutta step of fourth order, four calls, from t to `next`.
  Tensor runge_kutta_step(const Tensor& x, int64_t t, int64_t next) {
    const int64_t half = levels_.ratio() / 2;
    const int64_t middle = next + half;  // where the ratio is odd, t - half is one higher: so in the reference
    const Tensor k1 = output(x, t);
    const Tensor k2 = output(transferred(x, k1, t, t - half), middle);
    const Tensor k3 = output(transferred(x, k2, t, middle), middle);
    const Tensor k4 = output(transferred(x, k3, t, next), next);
    history_.push_front(k1);
    return transferred(x, (k1 + k2 * 2 + k3 * 2 + k4) / 6, t, next);
  }

  /// PLMS's start: an Euler step, and again with the mean of both ends' outputs.
  Tensor improved_euler_step(const Tensor& x, int64_t t, int64_t next) {
    const Tensor start = output(x, t);
    const Tensor end = output(transferred(x, start, t, t - levels_.ratio()), next);
    history_.push_front(start);
    return transferred(x, (start + end) / 2, next + levels_.ratio(), next);
  }

  /// Adams-Bashforth over up to four outputs.
  Tensor multistep_step(const Tensor& x, int64_t t) {
    history_.push_front(output(x, t));
    if (history_.size() > 4) history_.pop_back();
    return transferred(x, extrapolated(), t, t - levels_.ratio());
  }

 private:
  /// What the network said: the raw velocity where it predicts that, else the noise. The method combines raw outputs.
  Tensor output(const Tensor& x, int64_t t) {
    const Level level = levels_.at(t);
    const Tensor x0 = denoise_(x, level);
    return predicts_velocity_ ? velocity_of(x, x0, level) : noise_of(x, x0, level);
  }

  /// Equation 9: x at `from`, moved to `to` along an output.
  Tensor transferred(const Tensor& x, const Tensor& output, int64_t from_t, int64_t to_t) const {
    const Level from = levels_.at(from_t), to = levels_.at(to_t);
    const Tensor eps = predicts_velocity_ ? output * from.alpha + x * from.sigma : output;
    return x * (to.alpha / from.alpha) + eps * (to.sigma - to.alpha * from.sigma / from.alpha);
  }

  Tensor extrapolated() const {
    const auto& m = history_;
    switch (m.size()) {
      case 1: return m[0];
      case 2: return (m[0] * 3 - m[1]) / 2;
      case 3: return (m[0] * 23 - m[1] * 16 + m[2] * 5) / 12;
      default: return (m[0] * 55 - m[1] * 59 + m[2] * 37 - m[3] * 9) / 24;
    }
  }

  const Denoise& denoise_;
  const DiscreteLevels& levels_;
  bool predicts_velocity_;
  std::deque<Tensor> history_;  // outputs, the latest first
};

}  // namespace

const OptionTable<PndmOptions>& Pndm::options() {
  static const OptionTable<PndmOptions> table = [] {
    OptionTable<PndmOptions> t;
    t.boolean("skip_prk_steps", &PndmOptions::skip_prk_steps,
              "start with one improved Euler step instead of three Runge-Kutta steps of four calls each (Stable "
              "Diffusion: true)")
        .boolean("set_alpha_to_one", &PndmOptions::set_alpha_to_one,
                 "end without noise, rather than at the noise of the first training step");
    add_spacing_options(t);
    return t;
  }();
  return table;
}

Plan Pndm::plan(int64_t steps, const NoiseModel& model) const {
  const Plan plan = discrete_plan(options_, steps, model, options_.set_alpha_to_one);
  if (plan.levels.front().alpha == 0)
    throw Error(
        ErrorCode::bad_request, "/scheduler",
        "PNDM cannot start from pure noise (zero terminal SNR): use another scheduler, or timestep_spacing leading");
  return plan;
}

Tensor Pndm::sample(const Denoise& denoise, Tensor x, const Plan& plan, const NoiseModel& model, NoiseSource&,
                    const OnStep& on_step) const {
  const DiscreteLevels levels(model, plan, options_.set_alpha_to_one);
  Run run(denoise, levels, model.prediction());
  constexpr size_t kRungeKuttaSteps = 3;
  const size_t steps = plan.steps();
  // The last step leads below every visited time and is always a multistep one; a run of one step is that alone. (The
  // reference takes no run of fewer than four steps with PRK.)
  const size_t warm_up = std::min(options_.skip_prk_steps ? 1 : kRungeKuttaSteps, steps - 1);
  for (size_t i = 0; i < steps; ++i) {
    const int64_t t = static_cast<int64_t>(plan.levels[i].t), next = static_cast<int64_t>(plan.levels[i + 1].t);
    if (i >= warm_up)
      x = run.multistep_step(x, t);
    else if (options_.skip_prk_steps)
      x = run.improved_euler_step(x, t, next);
    else
      x = run.runge_kutta_step(x, t, next);
    on_step(i + 1, steps, x);
  }
  return x;
}

}  // namespace alice::schedulers
