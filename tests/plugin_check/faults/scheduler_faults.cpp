// The sampler of `alice plugin new --kind scheduler`, with a fault.

#include <sys/types.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <stdexcept>
#include <thread>

#include "tests/plugin_check/faults/planted.h"

// The sound twin.
#include "tests/plugin_check/faults/sound_twin.h"
//
#include "sdk/templates/scheduler/my_plugin.cpp"
#pragma pop_macro("ALICE_PLUGIN")

namespace {

using alice::faults::planted;

[[noreturn]] void hang() {
  for (;;) std::this_thread::sleep_for(std::chrono::hours(1));
}

/// A run of the sound sampler, with what is done to its x, its plan and its callbacks.
class FaultyScheduler final : public Scheduler {
 public:
  explicit FaultyScheduler(std::shared_ptr<const Scheduler> sound) : sound_(std::move(sound)) {}

  Plan plan(int64_t steps, const NoiseModel& model) const override {
    if (steps == 0 && planted("throws-runtime-error")) throw std::runtime_error("no steps");
    if (steps == 0 && planted("throws-int")) throw 42;
    if (steps > 100000 && planted("takes-all-memory")) hold_memory(steps);
    if (steps == 0 && planted("takes-no-steps")) return sound_->plan(1, model);
    Plan plan = sound_->plan(steps, model);
    if (planted("plan-rises") && steps > 2) std::swap(plan.levels[1], plan.levels[2]);
    if (planted("plan-too-short") && steps > 1) plan.levels.pop_back();
    if (planted("plan-of-infinity")) plan.init_noise_sigma = INFINITY;
    return plan;
  }

  Tensor sample(const Denoise& denoise, Tensor x, const Plan& plan, const NoiseModel& model, NoiseSource& noise,
                const OnStep& on_step) const override {
    misbehave(plan);
    x = disturbed(x);
    const Running running(running_);
    const Denoise watched = [&](const Tensor& at_level, const Level& level) {
      const Tensor x0 = denoise(at_level, level);
      return planted("shares-state") ? x0 + (running_ - 1) * 1e-3 : x0;  // as it should be while nobody else runs
    };
    if (planted("first-order") || planted("wrong-slope")) return euler_steps(denoise, x, plan, on_step);
    if (planted("too-noisy")) return ancestral_steps(denoise, x, plan, noise, on_step);
    return finished(swallowing(watched, x, plan, model, noise, on_step), plan);
  }

 private:
  /// How many runs are inside sample().
  struct Running {
    explicit Running(std::atomic<int>& count) : count(count) { ++count; }
    ~Running() { --count; }
    std::atomic<int>& count;
  };

  static void hold_memory(int64_t steps) {
    std::vector<Level> levels;
    for (int64_t i = 0; i < steps; ++i) levels.push_back({});
  }

  /// Each of these leaves a single run of a single image as it should be.
  Tensor disturbed(Tensor x) const {
    if (planted("own-noise")) at::randn_like(x);
    if (planted("batch-mixes")) return x + (x - x.mean(0, true)) * 1e-3;
    if (planted("keeps-state")) return x * (1 + 1e-6 * (runs_++ % 3));
    if (!planted("changes-x")) return x;
    const Tensor own = x.clone();
    x.zero_();
    return own;
  }

  static void misbehave(const Plan& plan) {
    const bool is_image_to_image = plan.first_step == 1;
    if (planted("segfault")) std::raise(SIGSEGV);
    if (planted("segfault-later") && is_image_to_image) std::raise(SIGSEGV);
    if (planted("abort") && plan.steps() == 3) std::abort();
    if (planted("hang") && is_image_to_image) hang();
    if (planted("exit") && is_image_to_image) std::exit(0);
    if (planted("quick-exit") && plan.steps() == 1000) _exit(0);
    if (planted("throws-later") && is_image_to_image) throw "a text";
    if (planted("thread-left") && plan.steps() == 8) std::thread(hang).detach();
    if (planted("leaks")) leaked_ = new std::string(1000, 'x');
  }

  /// The sound run, with steps told or exceptions handled wrongly.
  Tensor swallowing(const Denoise& denoise, const Tensor& x, const Plan& plan, const NoiseModel& model,
                    NoiseSource& noise, const OnStep& on_step) const {
    if (planted("swallows-cancel")) {
      try {
        return sound_->sample(denoise, x, plan, model, noise, on_step);
      } catch (...) {
        return x;
      }
    }
    if (planted("renames-exceptions")) {
      try {
        return sound_->sample(denoise, x, plan, model, noise, on_step);
      } catch (...) {
        throw Error(ErrorCode::internal, "sampler", "failed");
      }
    }
    return sound_->sample(denoise, x, plan, model, noise, [&](size_t done, size_t total, const Tensor& now) {
      if (planted("tells-from-0")) return on_step(done - 1, total, now);
      if (planted("tells-not-last") && done == total) return;
      const bool is_last = plan.levels[done].sigma == 0;
      on_step(done, total, planted("biased") && is_last ? now * 1.001 : now);
    });
  }

  static Tensor finished(const Tensor& x, const Plan& plan) {
    if (planted("wrong-shape")) return x.squeeze(0);
    if (planted("wrong-dtype")) return x.to(at::kDouble);
    if (planted("nan") && plan.steps() == 1) return x / 0.0 * 0.0;
    if (planted("biased") && plan.levels.back().sigma == 0) return x * 1.001;
    return x;
  }

  /// Of order 1, where the template's is of order 2.
  static Tensor euler_steps(const Denoise& denoise, Tensor x, const Plan& plan, const OnStep& on_step) {
    for (size_t i = 0; i < plan.steps(); ++i) {
      const Level &from = plan.levels[i], &to = plan.levels[i + 1];
      const double share = planted("wrong-slope") && to.sigma > 0 ? 0.9 : 1;
      x = x + noise_of(x, denoise(x, from), from) * ((to.sigma - from.sigma) * share);
      on_step(i + 1, plan.steps(), x);
    }
    return x;
  }

  /// Half of each level's variance is fresh noise, or should be.
  static Tensor ancestral_steps(const Denoise& denoise, Tensor x, const Plan& plan, NoiseSource& noise,
                                const OnStep& on_step) {
    const double kept = std::sqrt(0.5), fresh = 0.8;
    for (size_t i = 0; i < plan.steps(); ++i) {
      const Level &from = plan.levels[i], &to = plan.levels[i + 1];
      const Tensor x0 = denoise(x, from);
      x = x0 * to.alpha + (noise_of(x, x0, from) * kept + noise.normal_like(x) * fresh) * to.sigma;
      on_step(i + 1, plan.steps(), x);
    }
    return x;
  }

  std::shared_ptr<const Scheduler> sound_;
  mutable std::atomic<int> runs_{0}, running_{0};
  inline static std::atomic<std::string*> leaked_{nullptr};
};

struct StrengthOptions {
  double strength = 0.5;
  bool is_gentle = false;
};

const OptionTable<StrengthOptions>& strength_options() {
  static const auto table = OptionTable<StrengthOptions>()
                                .number("strength", &StrengthOptions::strength, {0, 1}, "has no effect")
                                .boolean("is_gentle", &StrengthOptions::is_gentle, "has no effect");
  return table;
}

class FaultyFactory final : public SchedulerFactory {
 public:
  explicit FaultyFactory(std::unique_ptr<SchedulerFactory> sound) : sound_(std::move(sound)), info_(sound_->info()) {
    info_.options = strength_options().specs();
    info_.aliases = {{"gentle", {{"is_gentle", true}}}};
    if (planted("no-help")) info_.options.front().help = "";
    if (planted("default-outside")) info_.options.front().default_value = 2.0;
    if (planted("alias-unknown")) info_.aliases.front().options = {{"is_gentel", true}};
    if (planted("alias-twice")) info_.aliases.push_back({"My_Plugin", Json::object()});
    if (planted("prints")) std::puts("{a plugin that prints}");
    if (planted("aborts-at-exit")) std::atexit(std::abort);
    if (planted("hangs-at-exit")) std::atexit(hang);
    if (planted("thread-at-enrol")) std::thread(hang).detach();
  }
  const FactoryInfo& info() const override { return info_; }
  std::shared_ptr<const Scheduler> create(const OptionLayers& layers) const override {
    if (planted("takes-unknown") || planted("takes-beyond")) return create_unchecked(layers);
    const auto options = read_options(strength_options(), layers, ErrorCode::bad_config);
    if (planted("refuses-edge") && options.strength >= 1)
      throw Error(ErrorCode::bad_config, "options/strength", "must be below 1");
    return std::make_shared<FaultyScheduler>(sound_->create({}));
  }

 private:
  std::shared_ptr<const Scheduler> create_unchecked(OptionLayers layers) const {
    for (OptionLayer& layer : layers) {
      if (planted("takes-unknown")) layer.unknown = UnknownKeys::pass_over;
      if (planted("takes-beyond") && layer.values.is_object() && layer.values.value("strength", Json()).is_number())
        layer.values["strength"] = std::min(layer.values["strength"].get<double>(), 1.0);
    }
    read_options(strength_options(), layers, ErrorCode::bad_config);
    return std::make_shared<FaultyScheduler>(sound_->create({}));
  }

  std::unique_ptr<SchedulerFactory> sound_;
  FactoryInfo info_;
};

class OfNoKind final : public Factory {
 public:
  static constexpr const char* kKind = "of_no_kind";
  const FactoryInfo& info() const override {
    static const FactoryInfo info = {"nobody", "Is of no kind.", {}, {}, {}};
    return info;
  }
};

struct Wrap {
  std::unique_ptr<SchedulerFactory> operator()(std::unique_ptr<SchedulerFactory> sound) const {
    return std::make_unique<FaultyFactory>(std::move(sound));
  }
};

void enrol(Enrolment& to) {
  if (planted("enrols-nothing")) return;
  if (planted("enrols-null")) return to.add(std::unique_ptr<SchedulerFactory>());
  if (planted("enrols-unknown-kind")) return to.add(std::make_unique<OfNoKind>());
  if (planted("enrol-throws-int")) throw 42;
  if (planted("enrol-crashes")) std::raise(SIGSEGV);
  alice::faults::Wrapping<SchedulerFactory, Wrap> wrapping(to, {});
  enrol_sound(wrapping);
}

}  // namespace

ALICE_PLUGIN("faulty-scheduler", "1.0.0", enrol)
