// A sampler that misbehaves: its option `misdeed` says how, after the first step. Without one it is a sound DDIM (Song
// et al. 2020, equation 12, sigma 0) on evenly spread times.

#include <unistd.h>

#include <cmath>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <stdexcept>

#include "core/api/plugin.h"
#include "core/api/scheduler.h"
#include "core/math/noise_model.h"

namespace {

using namespace alice;

enum class Misdeed {
  none,
  segfault,
  abort,
  hang,
  leak,
  exit,
  throw_exception,
  throw_number,
  refuse,
  wrong_shape,
  not_finite
};

struct Options {
  Misdeed misdeed = Misdeed::none;
};
const OptionTable<Options>& options() {
  static const auto table = OptionTable<Options>().choice("misdeed", &Options::misdeed,
                                                          {{"none", Misdeed::none},
                                                           {"segfault", Misdeed::segfault},
                                                           {"abort", Misdeed::abort},
                                                           {"hang", Misdeed::hang},
                                                           {"leak", Misdeed::leak},
                                                           {"exit", Misdeed::exit},
                                                           {"throw", Misdeed::throw_exception},
                                                           {"throw_number", Misdeed::throw_number},
                                                           {"refuse", Misdeed::refuse},
                                                           {"wrong_shape", Misdeed::wrong_shape},
                                                           {"not_finite", Misdeed::not_finite}},
                                                          "what it does wrong after its first step");
  return table;
}

[[noreturn]] void leak() {
  constexpr size_t kPortion = 16u << 20;
  for (;;) {
    if (void* memory = std::malloc(kPortion)) std::memset(memory, 1, kPortion);
    ::usleep(10'000);
  }
}

void commit(Misdeed misdeed) {
  switch (misdeed) {
    case Misdeed::none:
    case Misdeed::wrong_shape:
    case Misdeed::not_finite: return;  // at the end
    case Misdeed::segfault: std::raise(SIGSEGV); return;
    case Misdeed::abort: std::abort();
    case Misdeed::hang:
      for (;;) ::pause();
    case Misdeed::leak: leak();
    case Misdeed::exit: std::exit(0);
    case Misdeed::throw_exception: throw std::runtime_error("the misdeeds plugin threw this");
    case Misdeed::throw_number: throw 42;
    case Misdeed::refuse: throw Error(ErrorCode::bad_request, "/steps", "must be another");
  }
}

class Misdeeds final : public Scheduler {
 public:
  explicit Misdeeds(Options options) : options_(options) {}

  Plan plan(int64_t steps, const NoiseModel& model) const override {
    Plan plan;
    const std::vector<double>& abars = model.alphas_cumprod();
    for (int64_t i = steps; i > 0; --i) {
      const auto t = static_cast<size_t>(i * static_cast<int64_t>(abars.size()) / (steps + 1));
      plan.levels.push_back({std::sqrt(abars[t]), std::sqrt(1 - abars[t]), static_cast<double>(t)});
    }
    plan.levels.push_back({1, 0, 0});
    return plan;
  }

  Tensor sample(const Denoise& denoise, Tensor x, const Plan& plan, const NoiseModel&, NoiseSource&,
                const OnStep& on_step) const override {
    for (size_t i = 0; i < plan.steps(); ++i) {
      const Level &from = plan.levels[i], &to = plan.levels[i + 1];
      const Tensor x0 = denoise(x, from);
      x = to.alpha * x0 + to.sigma * (x - from.alpha * x0) / from.sigma;
      on_step(i + 1, plan.steps(), x);
      commit(options_.misdeed);
    }
    if (options_.misdeed == Misdeed::wrong_shape) return x.narrow(1, 0, 3);
    return options_.misdeed == Misdeed::not_finite ? x / 0.0 : x;
  }

 private:
  const Options options_;
};

class MisdeedsFactory final : public SchedulerFactory {
 public:
  MisdeedsFactory() {
    info_.id = "misdeeds";
    info_.help = "misbehaves as it is told";
    info_.options = options().specs();
  }
  const FactoryInfo& info() const override { return info_; }
  std::shared_ptr<const Scheduler> create(const OptionLayers& layers) const override {
    return std::make_shared<Misdeeds>(read_options(options(), layers, ErrorCode::bad_request));
  }

 private:
  FactoryInfo info_;
};

}  // namespace

ALICE_PLUGIN("misdeeds", "1.0.0", [](alice::Enrolment& enrol) { enrol.add(std::make_unique<MisdeedsFactory>()); })
