#include "core/host/make/sampling.h"

#include "core/host/make/masked.h"
#include "core/host/plugin_call.h"

namespace alice {

Sampling::Sampling(const Settings& settings, const Start& start, NoiseSource& noise, const OnStep& on_step,
                   const WrapDenoise& wrap)
    : settings_(settings),
      start_(start),
      noise_(noise),
      on_step_(on_step),
      sampler_("the scheduler " + settings.scheduler.plugin),
      plan_(call_plugin(sampler_, [&] { return plan_of(settings); })),
      answer_([this](const Tensor& x, const Level& level) { return network_->denoise(x, level); }) {
  if (wrap) answer_ = wrap(std::move(answer_));
}

Stretch Sampling::run(const Pass& pass, Tensor x, size_t first, double until) {
  if (first == plan_.steps()) return {std::move(x), first};
  const Scheduler& scheduler = *settings_.scheduler.scheduler;
  const Plan plan = first > 0 ? plan_.from(first) : plan_;
  GuidedNetwork network(pass.model.unet, pass.course, pass.settings.guidance, pass.settings.shortcuts,
                        *pass.settings.scheduler.noise_model, plan_, calls_);
  network_ = &network;

  Stretch done = {{}, first};
  const Denoise ask = [&](const Tensor& at, const Level& level) {
    const Tensor shown = with_known(start_, at, level, plan_.levels.front());
    if (level.t < until) {
      done.x = shown.clone();
      throw Error(ErrorCode::cancelled, sampler_, "hands over");  // which samplers let pass
    }
    network.pass(shown, level);
    return answer_(shown, level);
  };
  const OnStep count = [&](size_t steps, size_t, const Tensor& now) {
    done.steps = first + steps;
    on_step_(done.steps, plan_.steps(), now);
  };
  try {
    done.x = call_plugin(sampler_, [&] {
      return scheduler.sample(ask, x, plan, *settings_.scheduler.noise_model, noise_, count);
    });
  } catch (const Error&) {
    if (!done.x.defined()) throw;
  }
  calls_ = network.calls();
  all_finite(with_shape(done.x, x.sizes(), sampler_), sampler_);
  return done;
}

}  // namespace alice
