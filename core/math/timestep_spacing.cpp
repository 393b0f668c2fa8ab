#include "core/math/timestep_spacing.h"

#include <algorithm>
#include <cmath>

#include "core/base/error.h"

namespace alice {
namespace {

/// The times are made as numpy makes them (linspace: index times step; arange: first plus index times difference), so
/// that numbers near a half round alike.
std::vector<double> even_times(int64_t points, int64_t train_steps) {
  const double last = static_cast<double>(train_steps - 1);
  const double step = points > 1 ? last / static_cast<double>(points - 1) : 0;
  std::vector<double> times;
  for (int64_t i = points - 1; i >= 0; --i)
    times.push_back(i > 0 && i == points - 1 ? last : static_cast<double>(i) * step);
  return times;
}

std::vector<double> leading_times(int64_t points, int64_t train_steps, int64_t offset) {
  const int64_t ratio = train_steps / points;
  const int64_t room = train_steps - 1 - (points - 1) * ratio;
  const int64_t shift = std::min(offset, room);
  std::vector<double> times;
  for (int64_t i = points - 1; i >= 0; --i) times.push_back(static_cast<double>(i * ratio + shift));
  return times;
}

std::vector<double> trailing_times(int64_t steps, int64_t train_steps) {
  const double first = static_cast<double>(train_steps);
  const double difference = (first - first / static_cast<double>(steps)) - first;
  std::vector<double> times;
  for (int64_t i = 0; i < steps; ++i) times.push_back(std::nearbyint(first + static_cast<double>(i) * difference) - 1);
  return times;
}

}  // namespace

const Choices<TimestepSpacing>& timestep_spacing_names() {
  static const Choices<TimestepSpacing> names = {{"linspace", TimestepSpacing::linspace},
                                                 {"leading", TimestepSpacing::leading},
                                                 {"trailing", TimestepSpacing::trailing}};
  return names;
}

void check_steps(int64_t steps, int64_t train_steps) {
  if (steps < 1 || steps > train_steps)
    throw Error(ErrorCode::bad_request, "/steps",
                "must be 1 to " + std::to_string(train_steps) + " (the training steps that this run can use), got " +
                    std::to_string(steps));
}

std::vector<double> spaced_timesteps(TimestepSpacing spacing, int64_t steps, int64_t train_steps, int64_t offset,
                                     LowestTime lowest) {
  check_steps(steps, train_steps);
  if (spacing == TimestepSpacing::trailing) return trailing_times(steps, train_steps);
  // A run over all training steps has no time to leave out.
  const int64_t points = lowest == LowestTime::left_out ? std::min(steps + 1, train_steps) : steps;
  std::vector<double> times = spacing == TimestepSpacing::linspace ? even_times(points, train_steps)
                                                                   : leading_times(points, train_steps, offset);
  times.resize(static_cast<size_t>(steps));
  return times;
}

std::vector<int64_t> distilled_timesteps(int64_t steps, int64_t train_steps, int64_t distilled_steps, double strength) {
  if (distilled_steps > train_steps)
    throw Error(ErrorCode::bad_config, "original_inference_steps",
                "must be at most the " + std::to_string(train_steps) + " training steps, got " +
                    std::to_string(distilled_steps));
  const auto count = static_cast<int64_t>(static_cast<double>(distilled_steps) * strength);
  if (steps < 1 || steps > count)
    throw Error(ErrorCode::bad_request, "/steps",
                "must be 1 to " + std::to_string(count) + " (what the network's distillation leaves), got " +
                    std::to_string(steps));
  const int64_t k = train_steps / distilled_steps;
  const double stride = static_cast<double>(count) / static_cast<double>(steps);
  std::vector<int64_t> times;
  for (int64_t i = 0; i < steps; ++i)
    times.push_back((count - static_cast<int64_t>(static_cast<double>(i) * stride)) * k - 1);
  return times;
}

std::vector<double> rounded(std::vector<double> times) {
  for (double& time : times) time = std::nearbyint(time);
  return times;
}

}  // namespace alice
