#pragma once
// A case of a scheduler golden, run call by call: a fixed formula stands in for the network, and noise is dealt from a
// list, so that two implementations can be compared without weights and without a random generator.

#include <string>
#include <vector>

#include "core/api/scheduler.h"
#include "core/math/noise_model.h"

namespace alice {

/// One entry of a golden's schedulers/cases.json.
struct SchedulerCase {
  std::string id;
  std::string class_name;  ///< of the reference
  Json config;             ///< arguments of the reference's constructor, an object
  Json set_timesteps;      ///< further arguments of its set_timesteps(), an object or null; options of ours
  Json step;               ///< further arguments of its step(), an object; options of ours
  int64_t steps = 0;
  size_t begin = 0;               ///< steps that are left out at the start
  size_t calls_per_step = 1;      ///< how many entries of timesteps `begin` counts for
  std::vector<double> timesteps;  ///< of every call of a whole run
  std::vector<double> sigmas;     ///< of every call, and of the end, as in SchedulerTrace; empty: not compared
  double init_noise_sigma = 1;
  size_t noise_used = 0;                  ///< draws of the run
  std::optional<size_t> add_noise_index;  ///< into timesteps; absent: not compared

  /// Puts the class's own defaults under `config`, and what it says by its name over it.
  void take_meaning_of_class(const SchedulerFactory& factory);
  /// What config says of the noise model, for pictures of base_image_seq_len tokens. Throws Error(bad_config).
  NoiseModel noise_model() const;
  /// config, set_timesteps and step.
  Json sampler_options() const;
};

/// Throws Error(bad_request) at `place` for members that are missing or of another type.
SchedulerCase read_scheduler_case(const Json& object, const std::string& place);

/// What all cases of a golden share.
struct SchedulerInputs {
  double slope = 0;  ///< the network's answer to call j is slope * input + b[j], of the case's kind of prediction
  Tensor x0, n0;     ///< [B, C, h, w] float32: a picture and starting noise
  Tensor b;          ///< [calls, B, C, h, w] float32
  Tensor bank;       ///< [draws, B, C, h, w] float32: the k-th draw is bank[k]
};

/// What a run shows of itself. Tensors are float32.
struct SchedulerTrace {
  std::vector<double> timesteps;  ///< of every call
  /// sigma / alpha of every call, and of the end; of a flow sigma / (alpha + sigma). Where steps make several calls, of
  /// the first level, of each that a step ends at twice, and of the end.
  std::vector<double> sigmas;
  double init_noise_sigma = 1;
  size_t noise_used = 0;
  Tensor first;      ///< [B, C, h, w]: x before the first call
  Tensor in;         ///< [calls, B, C, h, w]: network_input() of each call
  Tensor out;        ///< [B, C, h, w]: x after the last step
  Tensor add_noise;  ///< x0 with the noise of the time at add_noise_index; undefined without one
};

/// Runs `test` through plan() and sample(). The scheduler was made with test.sampler_options(), the model with
/// test.noise_model(). Throws what the scheduler throws, and Error(bad_request) when inputs has too few b or bank for
/// the run. Any thread.
SchedulerTrace run_scheduler_case(const Scheduler& scheduler, const NoiseModel& model, const SchedulerCase& test,
                                  const SchedulerInputs& inputs);

/// The tensors that a golden stores for a case.
struct GoldenTrace {
  Tensor first, in, add_noise;  ///< as in SchedulerTrace; add_noise only where the case has an index
  Tensor out;                   ///< [calls, B, C, h, w]; the last is compared
};

/// Largest difference over largest value of the golden; infinite where counts, shapes or finiteness differ.
struct TraceDifference {
  std::string name;  ///< timesteps, sigmas, init_noise_sigma, noise_used, first, in[0], in[1] ..., out, add_noise
  double difference = 0;
};
std::vector<TraceDifference> compare_scheduler_trace(const SchedulerTrace& ours, const SchedulerCase& test,
                                                     const GoldenTrace& golden);

}  // namespace alice
