#pragma once
// A scheduler: a sampler that owns its loop. Its state is the local variables of sample(), so the class is const and
// one object serves every request. Guidance, input scaling, kinds of prediction, masks, caches and resuming are inside
// Denoise.

#include <functional>
#include <memory>
#include <vector>

#include "core/api/factory.h"
#include "core/api/tensor.h"

namespace alice {

class NoiseModel;  // core/math/noise_model.h: the noise schedule that the network was trained with

/// x = alpha * x0 + sigma * eps. The sampler chooses its scaling: Euler has alpha 1; DDIM sqrt(abar), sqrt(1 - abar).
/// alpha may be 0 (zero terminal SNR). t is what the network is told, rounded or fractional as the reference does: no
/// function of sigma.
struct Level {
  double alpha = 1, sigma = 0, t = 0;
};

/// The levels of one run, from noise to picture.
struct Plan {
  std::vector<Level> levels;    ///< steps + 1, the end's included; its t is of no use
  double init_noise_sigma = 1;  ///< a run from pure noise starts at x = init_noise_sigma * noise
  size_t first_step = 0;        ///< how many steps from() has cut off

  size_t steps() const { return levels.empty() ? 0 : levels.size() - 1; }
  /// The plan without its first `k` steps, for image to image: x then starts at add_noise(x0, noise, levels.front()).
  /// 0 <= k < steps(); throws Error(bad_request) otherwise. *this is left as it is.
  Plan from(size_t k) const;
};

/// alpha * x0 + sigma * noise, of their common shape; a new tensor. Any thread.
Tensor add_noise(const Tensor& x0, const Tensor& noise, const Level& level);

/// x at a level -> the estimate of x0, of x's shape. x in the sampler's scaling. Draws no noise. May throw (cancelled):
/// let it pass through. Called from sample()'s thread only.
using Denoise = std::function<Tensor(const Tensor& x, const Level& level)>;

/// Standard normal noise. Row b comes from image b's own generator. One run's own: not to be shared between threads.
class NoiseSource {
 public:
  virtual ~NoiseSource();
  /// float32 on the CPU, of `like`'s shape [B, C, h, w]; a new tensor, other numbers at each call. B must be the same
  /// in all calls.
  virtual Tensor normal_like(const Tensor& like) = 0;
  /// As Backend::extension, and not const: an ability may change what the object holds.
  virtual void* extension(const char* name);
};

/// Told after each step, on sample()'s thread: x as it stands then, which is only read; `done` of `total` steps. May
/// throw Error(cancelled): let it pass through.
using OnStep = std::function<void(size_t done, size_t total, const Tensor& x)>;

/// Const and stateless: one object serves every request, from any thread, several at once.
class Scheduler {
 public:
  virtual ~Scheduler();

  /// The levels for `steps` >= 1 steps. Throws Error(bad_request) when it cannot take so few or so many, or cannot work
  /// with this noise model. Any thread.
  virtual Plan plan(int64_t steps, const NoiseModel& model) const = 0;

  /// Runs the whole plan. x [B, C, h, w] float32 on the CPU, at plan.levels.front() in its scaling -> x at
  /// plan.levels.back() in its scaling. Calls denoise at least once a step, on_step exactly plan.steps() times, noise
  /// only where the algorithm is stochastic. The x that is given, and those that callbacks get, are not written to. Any
  /// thread; leaves nothing behind when a callback throws.
  virtual Tensor sample(const Denoise& denoise, Tensor x, const Plan& plan, const NoiseModel& model, NoiseSource& noise,
                        const OnStep& on_step) const = 0;

  /// See Backend::extension.
  virtual const void* extension(const char* name) const;
};

class SchedulerFactory : public Factory {
 public:
  static constexpr const char* kKind = "scheduler";

  /// Throws Error(bad_config) naming the option's place. Cheap: it is called for every request.
  virtual std::shared_ptr<const Scheduler> create(const OptionLayers& options) const = 0;
};

}  // namespace alice
