#include "core/math/noise_paths.h"

#include <cmath>

#include "core/base/error.h"

namespace alice {
namespace {

constexpr double kEdmLeastSigma = 0.002, kEdmLargestSigma = 80;  // Karras et al. 2022, Table 1

double shift_of(const NoiseModelOptions& options) { return options.flow_shift.value_or(options.shift.value_or(1)); }

double shifted_by(double shift, double s) { return shift * s / (1 + (shift - 1) * s); }

/// What the shift by size is made of: on the line through (base_image_seq_len, base_shift) and (max_image_seq_len,
/// max_shift).
double mu_of(const NoiseModelOptions& options, int64_t tokens) {
  const double share = static_cast<double>(tokens - options.base_image_seq_len) /
                       static_cast<double>(options.max_image_seq_len - options.base_image_seq_len);
  return options.base_shift + share * (options.max_shift - options.base_shift);
}

/// The shift that moves as mu does: e^mu / (e^mu + 1/s - 1) is shifted_by(e^mu, s).
double shift_for(const NoiseModelOptions& options, std::optional<int64_t> tokens) {
  if (!options.use_dynamic_shifting) return shift_of(options);
  if (!tokens)
    throw Error(ErrorCode::bad_request, "/scheduler_options/use_dynamic_shifting",
                "shifts the levels by the size of the picture, which nobody has told the noise model");
  const double mu = mu_of(options, *tokens);
  const double shift = options.time_shift_type == TimeShift::exponential ? std::exp(mu) : mu;
  if (!(shift > 0))
    throw Error(ErrorCode::bad_request, "/scheduler_options/base_shift",
                "and max_shift come to " + std::to_string(shift) + " at this size, and must stay above 0");
  return shift;
}

/// So that the last is `end`, in equal shares of what each is away from 1. One that is at 1 cannot be stretched.
void stretch_to(double end, std::vector<double>& sigmas) {
  const double scale = (1 - sigmas.back()) / (1 - end);
  if (scale == 0) return;
  for (double& sigma : sigmas) sigma = 1 - (1 - sigma) / scale;
}

/// Evenly from `first` to `last`, both among them.
std::vector<double> evenly(double first, double last, int64_t count) {
  std::vector<double> values;
  for (int64_t i = 0; i < count; ++i)
    values.push_back(count == 1 ? first
                                : first + (last - first) * static_cast<double>(i) / static_cast<double>(count - 1));
  return values;
}

bool says_flow(const NoiseModelOptions& o) {
  const NoiseModelOptions usual;
  return shift_of(o) != 1 || o.use_dynamic_shifting || o.shift_terminal || o.flow_grid != usual.flow_grid ||
         o.time_shift_type != usual.time_shift_type;
}

bool says_edm(const NoiseModelOptions& o) {
  const NoiseModelOptions usual;
  return o.sigma_data != usual.sigma_data || o.sigma_schedule != usual.sigma_schedule || o.rho != usual.rho;
}

void check_flow(const NoiseModelOptions& o, Faults& faults) {
  if (o.shift && o.flow_shift && *o.shift != *o.flow_shift)
    faults.add("/flow_shift", "is another name of shift, which says " + std::to_string(*o.shift) + ": say one of them");
  if (o.max_image_seq_len <= o.base_image_seq_len) faults.add("/max_image_seq_len", "must be above base_image_seq_len");
  if (o.invert_sigmas)
    faults.add("/invert_sigmas", "is for networks that were trained from noise to picture, which are not built");
}

void check_edm(const NoiseModelOptions& o, Faults& faults) {
  if (o.prediction_type != Prediction::epsilon && o.prediction_type != Prediction::v_prediction)
    faults.add("/prediction_type", "must be epsilon or v_prediction with edm");
  if (o.sigma_min.value_or(kEdmLeastSigma) >= o.sigma_max.value_or(kEdmLargestSigma))
    faults.add("/sigma_min", "must be below sigma_max");
}

}  // namespace

NoisePath path_of(const NoiseModelOptions& options) {
  if (options.prediction_type == Prediction::flow) return NoisePath::flow;
  return options.edm ? NoisePath::edm : NoisePath::diffusion;
}

void check_path(const NoiseModelOptions& options, Faults& faults) {
  const NoisePath path = path_of(options);
  if (path == NoisePath::flow)
    check_flow(options, faults);
  else if (says_flow(options))
    faults.add("/shift",
               "and what else moves levels (flow_shift, use_dynamic_shifting, time_shift_type, shift_terminal, "
               "flow_grid) is for networks with prediction_type flow_prediction");
  if (path != NoisePath::flow && options.use_flow_sigmas)
    faults.add("/use_flow_sigmas", "is for networks with prediction_type flow_prediction");
  if (path == NoisePath::edm)
    check_edm(options, faults);
  else if (says_edm(options))
    faults.add("/sigma_data",
               "and sigma_schedule and rho are for networks with EDM's preconditioning: edm must be true");
  if (path == NoisePath::flow && options.edm)
    faults.add("/edm", "and prediction_type flow_prediction exclude each other");
}

std::vector<double> flow_grid(const NoiseModelOptions& options, int64_t steps) {
  const double count = static_cast<double>(steps), trained = static_cast<double>(options.num_train_timesteps);
  if (options.flow_grid == FlowGrid::even) return evenly(1, 1 / count, steps);
  // The class shifts its table of training steps when it is made, unless the size is still to come, and a run's levels
  // once more: so in the reference.
  const double shift = options.use_dynamic_shifting ? 1 : shift_of(options);
  return evenly(1, static_cast<float>(shifted_by(shift, 1 / trained)), steps);
}

std::vector<double> flow_shifted(const NoiseModelOptions& options, std::optional<int64_t> tokens,
                                 std::vector<double> sigmas) {
  const double shift = shift_for(options, tokens);
  for (double& sigma : sigmas) sigma = shifted_by(shift, sigma);
  if (options.shift_terminal.value_or(0) > 0) stretch_to(*options.shift_terminal, sigmas);
  return sigmas;
}

std::vector<double> edm_sigmas(const NoiseModelOptions& options, int64_t steps) {
  const double least = options.sigma_min.value_or(kEdmLeastSigma), most = options.sigma_max.value_or(kEdmLargestSigma);
  const bool is_karras = options.sigma_schedule == SigmaSchedule::karras;
  const double rho = options.rho;
  std::vector<double> sigmas = is_karras ? evenly(std::pow(most, 1 / rho), std::pow(least, 1 / rho), steps)
                                         : evenly(std::log(most), std::log(least), steps);
  for (double& sigma : sigmas) sigma = is_karras ? std::pow(sigma, rho) : std::exp(sigma);
  return sigmas;
}

}  // namespace alice
