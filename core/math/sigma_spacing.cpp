#include "core/math/sigma_spacing.h"

#include <algorithm>
#include <boost/math/distributions/beta.hpp>
#include <cmath>
#include <utility>

#include "core/base/error.h"

namespace alice {
namespace {

/// `count` values of `sigma_at(ramp)`, ramp evenly from 0 to 1.
template <class SigmaAt>
std::vector<double> along_ramp(int64_t count, const SigmaAt& sigma_at) {
  std::vector<double> sigmas;
  const double step = count > 1 ? 1.0 / static_cast<double>(count - 1) : 0;
  for (int64_t i = 0; i < count; ++i)
    sigmas.push_back(sigma_at(i > 0 && i == count - 1 ? 1.0 : static_cast<double>(i) * step));
  return sigmas;
}

std::vector<double> karras_sigmas(SigmaRange range, int64_t count) {
  constexpr double kRho = 7;
  const double from = std::pow(range.maximum, 1 / kRho), to = std::pow(range.minimum, 1 / kRho);
  return along_ramp(count, [&](double ramp) { return std::pow(from + ramp * (to - from), kRho); });
}

std::vector<double> log_spaced_sigmas(double log_from, double log_to, int64_t count) {
  return along_ramp(count, [&](double ramp) { return std::exp(log_from + ramp * (log_to - log_from)); });
}

std::vector<double> beta_sigmas(SigmaRange range, int64_t count) {
  const boost::math::beta_distribution<double> distribution(0.6, 0.6);
  return along_ramp(count, [&](double ramp) {
    return range.minimum + boost::math::quantile(distribution, 1 - ramp) * (range.maximum - range.minimum);
  });
}

float float_log(double value) { return static_cast<float>(std::log(value)); }

}  // namespace

std::vector<double> spaced_sigmas(SigmaSpacing spacing, SigmaRange range, int64_t count) {
  const bool falls = range.minimum < range.maximum || (count == 1 && range.minimum == range.maximum);
  if (!(range.minimum > 0) || !falls || !std::isfinite(range.maximum))
    throw Error(ErrorCode::bad_config, "/sigma_min",
                "must be above 0 and below sigma_max, got " + std::to_string(range.minimum) + " and " +
                    std::to_string(range.maximum));
  switch (spacing) {
    case SigmaSpacing::karras: return karras_sigmas(range, count);
    case SigmaSpacing::exponential: return log_spaced_sigmas(std::log(range.maximum), std::log(range.minimum), count);
    case SigmaSpacing::beta: return beta_sigmas(range, count);
    // The reference takes these ends from its float32 table of log sigma.
    case SigmaSpacing::lu: return log_spaced_sigmas(float_log(range.maximum), float_log(range.minimum), count);
    case SigmaSpacing::uniform_in_time: break;
  }
  throw Error(ErrorCode::internal, "spaced_sigmas",
              "uniform_in_time has no sigmas of its own: they come from the noise model");
}

struct SigmaTable::State {
  std::vector<double> sigmas;      // rising
  std::vector<double> log_sigmas;  // of float32 precision, as the reference's: truncated times show it
};

SigmaTable::SigmaTable(const NoiseModel& model) {
  State state = {model.sigmas(), {}};
  state.log_sigmas.reserve(state.sigmas.size());
  for (const double sigma : state.sigmas) state.log_sigmas.push_back(float_log(sigma));
  state_ = std::make_shared<const State>(std::move(state));
}

SigmaRange SigmaTable::range() const { return {state_->sigmas.back(), state_->sigmas.front()}; }

double SigmaTable::sigma_at(double t) const {
  const std::vector<double>& sigmas = state_->sigmas;
  const double last = static_cast<double>(sigmas.size() - 1);
  if (t <= 0) return sigmas.front();
  if (t >= last) return sigmas.back();
  const size_t low = static_cast<size_t>(t);
  return sigmas[low] + (t - static_cast<double>(low)) * (sigmas[low + 1] - sigmas[low]);
}

std::vector<double> SigmaTable::sigmas_at(const std::vector<double>& times) const {
  std::vector<double> sigmas;
  sigmas.reserve(times.size() + 1);  // the caller adds the end
  for (const double t : times) sigmas.push_back(sigma_at(t));
  return sigmas;
}

double SigmaTable::time_of(double sigma) const {
  constexpr double kLeastSigma = 1e-10;  // keeps the logarithm finite
  const std::vector<double>& logs = state_->log_sigmas;
  const double log_sigma = std::log(std::max(sigma, kLeastSigma));
  const int64_t below = steps_up_to(log_sigma);
  const size_t low = static_cast<size_t>(std::clamp<int64_t>(below - 1, 0, static_cast<int64_t>(logs.size()) - 2));
  const double share = (log_sigma - logs[low]) / (logs[low + 1] - logs[low]);
  return static_cast<double>(low) + std::clamp(share, 0.0, 1.0);
}

std::vector<double> SigmaTable::times_of(const std::vector<double>& sigmas) const {
  std::vector<double> times;
  times.reserve(sigmas.size());
  for (const double sigma : sigmas) times.push_back(time_of(sigma));
  return times;
}

int64_t SigmaTable::steps_up_to(double log_sigma) const {
  const std::vector<double>& logs = state_->log_sigmas;
  return std::upper_bound(logs.begin(), logs.end(), log_sigma) - logs.begin();
}

}  // namespace alice
