#include "core/math/noise_model.h"

#include <algorithm>
#include <cmath>

#include "core/base/error.h"
#include "core/math/noise_paths.h"
#include "core/math/sigma_spacing.h"
#include "core/math/timestep_spacing.h"

namespace alice {
namespace {

constexpr double kPi = 3.14159265358979323846;

/// float32, each operation rounded as the reference's (torch on a CPU) rounds it.
using Floats = std::vector<float>;

/// torch.linspace: from both ends to the middle, with a fused multiply-add. Compared bit for bit with the reference's
/// tables; the at::linspace of older libraries is one rounding off here and there, which shows where times are cut to
/// whole numbers.
Floats linspace(double from, double to, int64_t count) {
  const float first = static_cast<float>(from), last = static_cast<float>(to);
  const float step = (last - first) / static_cast<float>(count - 1);
  Floats values;
  values.reserve(static_cast<size_t>(count));
  for (int64_t i = 0; i < count; ++i)
    values.push_back(i < count / 2 ? std::fma(step, static_cast<float>(i), first)
                                   : std::fma(-step, static_cast<float>(count - 1 - i), last));
  return values;
}

/// torch.cumprod of 1 - betas: accumulated in float64, each product rounded.
Floats alphas_cumprod_of(const Floats& betas) {
  Floats products;
  products.reserve(betas.size());
  double product = 1;
  for (const float beta : betas) {
    product *= 1 - beta;
    products.push_back(static_cast<float>(product));
  }
  return products;
}

/// betas such that abar follows `alpha_bar` of t / steps, none above `kMostBeta`.
template <class AlphaBar>
Floats betas_for(const AlphaBar& alpha_bar, int64_t steps) {
  constexpr double kMostBeta = 0.999;
  Floats betas;
  const double count = static_cast<double>(steps);
  for (int64_t t = 0; t < steps; ++t) {
    const double from = alpha_bar(static_cast<double>(t) / count), to = alpha_bar(static_cast<double>(t + 1) / count);
    betas.push_back(static_cast<float>(std::min(1 - to / from, kMostBeta)));
  }
  return betas;
}

double cosine_alpha_bar(double t) {
  const double root = std::cos((t + 0.008) / 1.008 * kPi / 2);
  return root * root;
}

double exponential_alpha_bar(double t) { return std::exp(-12 * t); }

Floats squared(Floats values) {
  for (float& value : values) value *= value;
  return values;
}

Floats scheduled_betas(const NoiseModelOptions& options) {
  const int64_t steps = options.num_train_timesteps;
  switch (options.beta_schedule) {
    case BetaSchedule::linear: return linspace(options.beta_start, options.beta_end, steps);
    case BetaSchedule::scaled_linear:
      return squared(linspace(std::sqrt(options.beta_start), std::sqrt(options.beta_end), steps));
    case BetaSchedule::squaredcos_cap_v2: return betas_for(cosine_alpha_bar, steps);
    case BetaSchedule::exp: return betas_for(exponential_alpha_bar, steps);
  }
  throw Error(ErrorCode::internal, "/beta_schedule", "is not one that the noise model knows");
}

Floats trained_betas(const NoiseModelOptions& options) {
  const size_t count = options.trained_betas.size();
  if (count != static_cast<size_t>(options.num_train_timesteps))
    throw Error(ErrorCode::bad_config, "/trained_betas",
                "has " + std::to_string(count) +
                    " values, must have num_train_timesteps = " + std::to_string(options.num_train_timesteps));
  return {options.trained_betas.begin(), options.trained_betas.end()};
}

/// Lin et al. 2023, Algorithm 1: sqrt(abar) shifted and scaled so that its last value is 0 and its first is kept.
Floats rescaled_to_zero_snr(const Floats& betas) {
  Floats roots = alphas_cumprod_of(betas);
  for (float& root : roots) root = std::sqrt(root);
  const float first = roots.front(), last = roots.back(), scale = first / (first - last);
  Floats rescaled;
  float before = 1;
  for (const float root : roots) {
    const float shifted = (root - last) * scale, abar = shifted * shifted;
    rescaled.push_back(1 - abar / before);
    before = abar;
  }
  return rescaled;
}

Floats betas_of(const NoiseModelOptions& options) {
  const Floats betas = options.trained_betas.empty() ? scheduled_betas(options) : trained_betas(options);
  return options.rescale_betas_zero_snr ? rescaled_to_zero_snr(betas) : betas;
}

/// Throws where abar leaves (0, 1) or does not fall; the last may be 0 when `zero_snr`.
void check_falls(const std::vector<double>& abar, bool zero_snr) {
  double before = 1;
  for (size_t t = 0; t < abar.size(); ++t) {
    const bool may_be_zero = zero_snr && t + 1 == abar.size();
    const bool good = abar[t] < before && (abar[t] > 0 || (may_be_zero && abar[t] == 0));
    if (!good)
      throw Error(ErrorCode::bad_config, "/beta_schedule",
                  "makes no noise schedule: the share of signal must fall from below 1 and stay above 0, but is " +
                      std::to_string(abar[t]) + " at step " + std::to_string(t) + " after " + std::to_string(before) +
                      " (see beta_start, beta_end, beta_schedule, trained_betas)");
    before = abar[t];
  }
}

}  // namespace

const OptionTable<NoiseModelOptions>& noise_model_options() {
  using O = NoiseModelOptions;
  static const OptionTable<O> table =
      OptionTable<O>()
          .integer("num_train_timesteps", &O::num_train_timesteps, {2, 100000},
                   "time steps of the noise schedule in training")
          .number("beta_start", &O::beta_start, {0, 1}, "variance added at the first training step")
          .number("beta_end", &O::beta_end, {0, 1}, "variance added at the last training step")
          .choice("beta_schedule", &O::beta_schedule,
                  {{"linear", BetaSchedule::linear},
                   {"scaled_linear", BetaSchedule::scaled_linear},
                   {"squaredcos_cap_v2", BetaSchedule::squaredcos_cap_v2},
                   {"exp", BetaSchedule::exp}},
                  "how the variance grows over the training steps")
          .number("trained_betas", &O::trained_betas, {0, 1}, "every training step's variance, instead of a schedule")
          .choice("prediction_type", &O::prediction_type,
                  {{"epsilon", Prediction::epsilon},
                   {"v_prediction", Prediction::v_prediction},
                   {"sample", Prediction::sample},
                   {"original_sample", Prediction::sample},
                   {"flow_prediction", Prediction::flow}},
                  "what the network predicts")
          .boolean("rescale_betas_zero_snr", &O::rescale_betas_zero_snr,
                   "make the last training step pure noise (Lin et al. 2023, Algorithm 1)")
          .number("shift", &O::shift, {1e-3, 1e3}, "flow: how far its levels are moved towards noise; 1 not at all")
          .number("flow_shift", &O::flow_shift, {1e-3, 1e3}, "flow: another name of shift")
          .boolean("use_dynamic_shifting", &O::use_dynamic_shifting, "flow: move levels by the size of the picture")
          .choice("time_shift_type", &O::time_shift_type,
                  {{"exponential", TimeShift::exponential}, {"linear", TimeShift::linear}},
                  "flow: how the shift grows with the size")
          .number("base_shift", &O::base_shift, {-100, 100}, "flow: shift of pictures of base_image_seq_len tokens")
          .number("max_shift", &O::max_shift, {-100, 100}, "flow: shift of pictures of max_image_seq_len tokens")
          .integer("base_image_seq_len", &O::base_image_seq_len, {1, 1 << 20}, "flow: a small picture, in tokens")
          .integer("max_image_seq_len", &O::max_image_seq_len, {1, 1 << 20}, "flow: a large picture, in tokens")
          .number("shift_terminal", &O::shift_terminal, {0, 0.999}, "flow: the last level, to which all are stretched")
          .choice("flow_grid", &O::flow_grid, {{"ends", FlowGrid::ends}, {"even", FlowGrid::even}},
                  "flow: levels evenly between the first and the last training step, or 1, 1 - 1/n, ... 1/n")
          .boolean("use_flow_sigmas", &O::use_flow_sigmas,
                   "flow: says that it is one; the kind of prediction, which makes it one, must be flow_prediction")
          .boolean("invert_sigmas", &O::invert_sigmas, "flow: from noise to picture; must be false")
          .boolean("edm", &O::edm, "the network has EDM's preconditioning (Karras et al. 2022, Table 1)")
          .number("sigma_data", &O::sigma_data, {1e-3, 1e3}, "EDM: deviation of the latents in training")
          .number("sigma_min", &O::sigma_min, {1e-6, 1e6}, "EDM: least noise level; null is 0.002")
          .number("sigma_max", &O::sigma_max, {1e-6, 1e6}, "EDM: largest noise level; null is 80")
          .choice("sigma_schedule", &O::sigma_schedule,
                  {{"karras", SigmaSchedule::karras}, {"exponential", SigmaSchedule::exponential}},
                  "EDM: how a run's levels are spread between them")
          .number("rho", &O::rho, {0.1, 100}, "EDM: exponent of the karras schedule");
  return table;
}

struct NoiseModel::State {
  NoiseModelOptions options;
  NoisePath path;
  std::vector<double> alphas_cumprod;
  std::optional<int64_t> tokens;  // of the picture, once they are known
};

NoiseModel::NoiseModel(const NoiseModelOptions& options) {
  Faults faults;
  check_path(options, faults);
  faults.throw_if_any(ErrorCode::bad_config);
  State state = {options, path_of(options), {}, std::nullopt};
  if (state.path == NoisePath::diffusion) {
    const Floats alphas_cumprod = alphas_cumprod_of(betas_of(options));
    state.alphas_cumprod = {alphas_cumprod.begin(), alphas_cumprod.end()};
    check_falls(state.alphas_cumprod, options.rescale_betas_zero_snr);
  }
  state_ = std::make_shared<const State>(std::move(state));
}

const NoiseModelOptions& NoiseModel::options() const { return state_->options; }
Prediction NoiseModel::prediction() const { return state_->options.prediction_type; }
NoisePath NoiseModel::path() const { return state_->path; }
int64_t NoiseModel::train_steps() const { return state_->options.num_train_timesteps; }

const std::vector<double>& NoiseModel::alphas_cumprod() const {
  if (path() != NoisePath::diffusion)
    throw Error(ErrorCode::bad_request, "/scheduler",
                std::string("works with the noise of training steps, which this model has none of: its network was "
                            "trained ") +
                    (path() == NoisePath::flow ? "by flow matching" : "with EDM's preconditioning") +
                    ". Name another scheduler, or none: the model's own");
  return state_->alphas_cumprod;
}

std::vector<double> NoiseModel::sigmas() const {
  constexpr float kLeastAlphaBar = 5.9604644775390625e-8f;  // 2^-24
  std::vector<double> sigmas;
  sigmas.reserve(alphas_cumprod().size());
  for (const double value : alphas_cumprod()) {
    const float abar = value == 0 ? kLeastAlphaBar : static_cast<float>(value);
    sigmas.push_back(std::sqrt((1 - abar) / abar));  // float32 throughout, as the reference
  }
  return sigmas;
}

std::vector<double> NoiseModel::run_sigmas(int64_t steps) const {
  check_steps(steps, train_steps());
  switch (path()) {
    case NoisePath::flow: return shifted(flow_grid(options(), steps));
    case NoisePath::edm: return edm_sigmas(options(), steps);
    case NoisePath::diffusion: break;
  }
  throw Error(ErrorCode::internal, "run_sigmas", "the steps of diffusion are spread by the sampler");
}

std::vector<double> NoiseModel::shifted(std::vector<double> sigmas) const {
  return flow_shifted(options(), state_->tokens, std::move(sigmas));
}

Level NoiseModel::level(double sigma) const {
  const float s = static_cast<float>(sigma);
  switch (path()) {
    case NoisePath::flow: return {1 - s, s, s * static_cast<float>(train_steps())};
    case NoisePath::edm: return {1, s, s > 0 ? 0.25f * std::log(s) : 0};
    case NoisePath::diffusion: break;
  }
  return {1, s, SigmaTable(*this).time_of(s)};
}

NoiseModel NoiseModel::for_tokens(int64_t tokens) const {
  NoiseModel told = *this;
  State state = *state_;
  state.tokens = tokens;
  told.state_ = std::make_shared<const State>(std::move(state));
  return told;
}

}  // namespace alice
