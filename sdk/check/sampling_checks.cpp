// Schedulers: what every sampler keeps to, whatever its algorithm.

#include <ATen/CPUGeneratorImpl.h>

#include <condition_variable>
#include <mutex>

#include "core/api/late_start.h"
#include "core/api/scheduler.h"
#include "core/base/tensor_index.h"
#include "sdk/check/callers.h"
#include "sdk/check/process_state.h"
#include "sdk/check/sampling.h"

namespace alice::check {
namespace {

const std::vector<int64_t> kFewSteps = {8, 4, 2, 1};  // the first that a scheduler takes

std::string check_result(const Case& it) {
  const NoiseModel model = usual_noise();
  for (const Variant& variant : variants(it, Breadth::named))
    for (const int64_t batch : {1, 3}) {
      const Plan plan = some_plan(variant, kFewSteps, model);
      const Tensor end = run(variant, plan, model, std::vector<uint64_t>(static_cast<size_t>(batch), it.seed));
      expect(end.defined(), variant.name + ": the result is undefined");
      const std::vector<int64_t> wanted = {batch, 4, 5, 7};
      expect(end.sizes().vec() == wanted, variant.name + ": the result has shape " + shape_text(end.sizes().vec()) +
                                              ", x had " + shape_text(wanted));
      expect(end.scalar_type() == at::kFloat,
             variant.name + ": the result is of type " + at::toString(end.scalar_type()) + ", not Float");
    }
  return "";
}

std::string check_finite(const Case& it) {
  const NoiseModel model = usual_noise();
  const auto all = variants(it, Breadth::all);
  for (const Variant& variant : all)
    for (const int64_t steps : {1, 2, 3, 20, 1000}) {
      if (steps == 1000 && &variant != &all.front()) continue;
      if (const auto plan = plan_of(variant, steps, model))
        expect(run(variant, *plan, model, {it.seed}).isfinite().all().item<bool>(),
               at_steps(variant, steps) + ": the result holds numbers that are not finite");
    }
  return std::to_string(all.size()) + " variants of options";
}

std::string check_steps_told(const Case& it) {
  const NoiseModel model = usual_noise();
  for (const Variant& variant : variants(it, Breadth::choices)) {
    const Plan plan = some_plan(variant, {9, 4, 2, 1}, model);
    SeededNoise noise({it.seed});
    const Tensor start = start_of(plan, noise);
    size_t told = 0, calls_since = 0;
    Tensor last;
    const auto denoise = [&](const Tensor& x, const Level& level) {
      ++calls_since;
      expect(x.sizes() == start.sizes(),
             variant.name + ": denoise was given x of shape " + shape_text(x.sizes().vec()));
      expect(level.sigma > 0, variant.name + ": denoise was asked at sigma " + std::to_string(level.sigma));
      return some_denoiser(x, level);
    };
    const auto on_step = [&](size_t done, size_t total, const Tensor& x) {
      ++told;
      expect(done == told && total == plan.steps(), variant.name + ": step " + std::to_string(told) + " of " +
                                                        std::to_string(plan.steps()) + " was told as " +
                                                        std::to_string(done) + " of " + std::to_string(total));
      expect(x.defined() && x.sizes() == start.sizes(), variant.name + ": on_step was given no x of the run's shape");
      const bool asks_each_step = variant.scheduler->extension(kStepsAreNominal) == nullptr;
      expect(calls_since > 0 || !asks_each_step,
             variant.name + ": step " + std::to_string(done) + " did not ask denoise");
      calls_since = 0;
      last = x.clone();
    };
    const Tensor end = variant.scheduler->sample(denoise, start, plan, model, noise, on_step);
    expect(told == plan.steps(),
           variant.name + ": " + std::to_string(plan.steps()) + " steps, and " + std::to_string(told) + " were told");
    expect(at::equal(last, end), variant.name + ": x of the last on_step is not the result");
  }
  return "";
}

std::string check_inputs_kept(const Case& it) {
  const NoiseModel model = usual_noise();
  for (const Variant& variant : variants(it, Breadth::choices)) {
    const Plan plan = some_plan(variant, kFewSteps, model);
    SeededNoise noise({it.seed});
    const Tensor start = start_of(plan, noise), kept = start.clone();
    std::vector<std::pair<Tensor, Tensor>> answers;  // as given, and a copy
    const auto denoise = [&](const Tensor& x, const Level& level) {
      answers.emplace_back(some_denoiser(x, level), Tensor());
      answers.back().second = answers.back().first.clone();
      return answers.back().first;
    };
    variant.scheduler->sample(denoise, start, plan, model, noise, ignore_step);
    expect(at::equal(start, kept), variant.name + ": sample() changed the x that it was given");
    for (const auto& [answer, copy] : answers)
      expect(at::equal(answer, copy), variant.name + ": sample() changed what denoise had returned");
  }
  return "";
}

std::string check_noise(const Case& it) {
  const NoiseModel model = usual_noise();
  for (const Variant& variant : variants(it, Breadth::all)) {
    const auto plan = plan_of(variant, 5, model);
    if (!plan) continue;
    const Tensor before = at::detail::getDefaultCPUGenerator().get_state().clone();
    run(variant, *plan, model, {it.seed});
    expect(at::equal(before, at::detail::getDefaultCPUGenerator().get_state()),
           variant.name + ": sample() drew numbers from libtorch's own generator");
  }
  return "";
}

std::string check_keeps_nothing(const Case& it) {
  const NoiseModel model = usual_noise();
  for (const Variant& variant : variants(it, Breadth::all)) {
    const auto plan = plan_of(variant, 5, model), other = plan_of(variant, 3, model);
    if (!plan || !other) continue;
    const Tensor first = run(variant, *plan, model, {it.seed});
    run(variant, *other, model, {it.seed + 1, it.seed + 2});
    expect(at::equal(first, run(variant, *plan, model, {it.seed})),
           variant.name + ": a run gives other numbers after another run");
    expect(plan->levels.size() == variant.scheduler->plan(5, model).levels.size(),
           variant.name + ": plan() gives another plan the second time");
  }
  return "";
}

/// Where callers wait for each other, for a while: so that they are inside sample() at the same time.
class Meeting {
 public:
  explicit Meeting(size_t callers) : missing_(callers) {}
  void arrive() {
    std::unique_lock lock(mutex_);
    if (missing_ > 0) --missing_;
    changed_.notify_all();
    changed_.wait_for(lock, std::chrono::seconds(2), [&] { return missing_ == 0; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  size_t missing_;
};

std::string check_threads(const Case& it) {
  constexpr size_t kCallers = 4;
  const NoiseModel model = usual_noise();
  for (const Variant& variant : variants(it, Breadth::all)) {
    if (!plan_of(variant, 5, model)) continue;
    const auto result = [&](uint64_t seed, const std::function<void()>& before_a_call) {
      const Plan plan = variant.scheduler->plan(5, model);
      SeededNoise noise({seed});
      const Tensor start = start_of(plan, noise);
      bool first = true;
      return variant.scheduler->sample(
          [&](const Tensor& x, const Level& level) {
            if (first) before_a_call();
            first = false;
            return some_denoiser(x, level);
          },
          start, plan, model, noise, ignore_step);
    };
    std::vector<Tensor> alone, together(kCallers);
    for (size_t i = 0; i < kCallers; ++i) alone.push_back(result(it.seed + i, [] {}));
    Meeting meeting(kCallers);
    call_at_once(kCallers, [&](size_t i) { together[i] = result(it.seed + i, [&] { meeting.arrive(); }); });
    for (size_t i = 0; i < kCallers; ++i)
      expect(at::equal(alone[i], together[i]), variant.name + ": four runs at once give other numbers than each alone");
  }
  return "";
}

std::string check_batch(const Case& it) {
  const NoiseModel model = usual_noise();
  for (const Variant& variant : variants(it, Breadth::all)) {
    const auto plan = plan_of(variant, 5, model);
    if (!plan) continue;
    const Tensor batch = run(variant, *plan, model, {it.seed, it.seed + 1, it.seed + 2});
    for (uint64_t image = 0; image < 3; ++image)
      expect(at::equal(batch[static_cast<int64_t>(image)], run(variant, *plan, model, {it.seed + image})[0]),
             variant.name + ": image " + std::to_string(image) + " of a batch of 3 is not the image made alone");
  }
  return "";
}

struct Stopped {};  // of no plugin's knowledge

std::string check_exceptions(const Case& it) {
  const NoiseModel model = usual_noise();
  const auto expect_stopped = [](const std::string& where, const auto& action) {
    try {
      action();
    } catch (const Stopped&) {
      return;
    } catch (const Error& error) {
      fail(where + " came out as another exception: " + error.what());
    }
    fail(where + " was swallowed: sample() returned");
  };
  for (const Variant& variant : variants(it, Breadth::choices)) {
    const Plan plan = some_plan(variant, {5, 4, 2, 1}, model);
    const auto sample = [&](const Denoise& denoise, const OnStep& on_step) {
      SeededNoise noise({it.seed});
      const Tensor start = start_of(plan, noise);
      variant.scheduler->sample(denoise, start, plan, model, noise, on_step);
    };
    for (size_t stop_at = 1; stop_at <= plan.steps(); ++stop_at) {
      size_t calls = 0;
      expect_stopped(variant.name + ": what denoise threw at call " + std::to_string(stop_at), [&] {
        sample(
            [&](const Tensor& x, const Level& level) {
              if (++calls == stop_at) throw Stopped();
              return some_denoiser(x, level);
            },
            ignore_step);
      });
      expect_stopped(variant.name + ": what on_step threw at step " + std::to_string(stop_at), [&] {
        sample(some_denoiser, [&](size_t done, size_t, const Tensor&) {
          if (done == stop_at) throw Stopped();
        });
      });
    }
  }
  return "";
}

std::string check_leaves_nothing(const Case& it) {
  constexpr int kWarmUps = 20, kRuns = 100;
  const NoiseModel model = usual_noise();
  const Variant variant = variants(it, Breadth::named).front();
  const Plan plan = some_plan(variant, kFewSteps, model);
  const auto run_times = [&](int times) {
    for (int i = 0; i < times; ++i)
      run(variant, variant.scheduler->plan(static_cast<int64_t>(plan.steps()), model), model, {it.seed});
  };
  run_times(kWarmUps);  // what libtorch and the plugin make once
  const ProcessState before = ProcessState::now();
  run_times(kRuns);
  if (const std::string more = before.what_is_left(); !more.empty())
    fail("after " + std::to_string(kRuns) + " runs " + more);
  const size_t bytes = ProcessState::now().bytes;
  const size_t x_bytes = 4 * 5 * 7 * sizeof(float);
  expect(bytes < before.bytes + kRuns * x_bytes / 2, "after " + std::to_string(kRuns) + " runs " +
                                                         std::to_string((bytes - before.bytes) / kRuns) +
                                                         " bytes more a run are in use");
  return "";
}

}  // namespace

std::vector<Check> sampling_checks() {
  const std::vector<std::string> schedulers = {SchedulerFactory::kKind};
  return {
      {"scheduler/result", "sample() returns a float32 tensor of x's shape, for one image and for three.",
       "Return x itself; float64 arithmetic on tensors is not asked for: scalars are doubles already.",
       "scheduler/plan-falls", schedulers, check_result},
      {"scheduler/finite", "Runs of 1, 2, 3, 20 and 1000 steps end in finite numbers, with every option.",
       "Look at the last step, where sigma is 0, and at the first, which has no history: what is divided by?",
       "scheduler/result", schedulers, check_finite},
      {"scheduler/steps-told",
       "on_step is called once for each step, in order, with x as it stands and at the end the result; denoise is "
       "asked "
       "at least once a step (not by one that says kStepsAreNominal), for a level with noise.",
       "Call on_step(i + 1, plan.steps(), x) at the end of the loop over plan.steps() steps.", "scheduler/finite",
       schedulers, check_steps_told},
      {"scheduler/inputs-kept", "Neither the x that sample() is given nor what denoise returned is changed in place.",
       "Write x = x + ..., not x += ... or x.add_(...): at::Tensor is a handle that the caller holds too.",
       "scheduler/finite", schedulers, check_inputs_kept},
      {"scheduler/noise-from-source", "Noise comes from the NoiseSource that sample() is given, and from nowhere else.",
       "Replace at::randn_like(x) by noise.normal_like(x): only so has an image the noise of its seed.",
       "scheduler/finite", schedulers, check_noise},
      {"scheduler/keeps-nothing", "The same run gives the same bits again, whatever ran in between.",
       "Keep the history of a run in local variables of sample(), and draw noise from the NoiseSource only.",
       "scheduler/noise-from-source", schedulers, check_keeps_nothing},
      {"scheduler/threads", "Four runs of one object at the same time give what each gives alone, bit for bit.",
       "Make the class const without mutable members; keep the history of a run in local variables of sample().",
       "scheduler/keeps-nothing", schedulers, check_threads},
      {"scheduler/batch-equals-singles", "An image of a batch is the image made alone, bit for bit.",
       "Reduce over dimensions 1 to 3 only, never over dimension 0, which is the image.", "scheduler/keeps-nothing",
       schedulers, check_batch},
      {"scheduler/exceptions-pass",
       "What denoise and on_step throw, at any step, comes out of sample() as it is: so a request is cancelled.",
       "Do not catch (...) in sample(); if you must clean up, do it in destructors.", "scheduler/steps-told",
       schedulers, check_exceptions},
      {"scheduler/leaves-nothing", "A hundred runs leave no thread, no open file and no memory behind.",
       "Join threads before sample() returns; do not add to a member or static container.", "scheduler/finite",
       schedulers, check_leaves_nothing},
  };
}

}  // namespace alice::check
