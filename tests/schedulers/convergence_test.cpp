// Orders of convergence, measured without weights. For data of the normal distribution N(0, S^2) the best denoiser is
// known, and so is the path of the probability flow: x stays proportional to its deviation sqrt(alpha^2 S^2 + sigma^2)
// (Song et al. 2021).

#include <cmath>
#include <functional>

#include "tests/schedulers/samplers.h"
#include "tests/support/catch.h"

namespace alice::test {
namespace {

constexpr double kDataDeviation = 0.6;

double variance_at(const Level& level) { return std::pow(level.alpha * kDataDeviation, 2) + std::pow(level.sigma, 2); }

Tensor best_denoiser(const Tensor& x, const Level& level) {
  return x * (level.alpha * kDataDeviation * kDataDeviation / variance_at(level));
}

using MakePlan = std::function<Plan(int64_t steps)>;

/// Relative distance from the exact path at the end of the plan. In float64: the solver's error is wanted, not
/// rounding.
double error_of(const Scheduler& scheduler, const Plan& plan, const NoiseModel& model) {
  SeededNoise none({0});
  const Tensor start = at::ones({1, 1, 1, 1}, at::kDouble);
  const Tensor end = scheduler.sample(best_denoiser, start, plan, model, none, ignore_step);
  const double exact = std::sqrt(variance_at(plan.levels.back()) / variance_at(plan.levels.front()));
  return std::abs(end.item<double>() - exact) / exact;
}

/// log2 of what halving the steps costs.
double order_of(const Scheduler& scheduler, const MakePlan& plan, int64_t steps, const NoiseModel& model) {
  return std::log2(error_of(scheduler, plan(steps), model) / error_of(scheduler, plan(2 * steps), model));
}

/// Levels evenly in log(sigma / alpha), from `first` to `last`.
MakePlan log_spaced(double first, double last, bool alpha_is_one) {
  return [=](int64_t steps) {
    Plan plan;
    for (int64_t i = 0; i <= steps; ++i) {
      const double ratio = first * std::pow(last / first, static_cast<double>(i) / static_cast<double>(steps));
      const double alpha = alpha_is_one ? 1 : 1 / std::sqrt(ratio * ratio + 1);
      plan.levels.push_back({alpha, ratio * alpha, 0});
    }
    return plan;
  };
}

double order_in_sigma(const std::string& id, int64_t steps) {
  return order_of(*make_sampler(id), log_spaced(10, 0.1, true), steps, stable_diffusion_noise());
}

/// Of the exponential integrators, with nothing lowered at the end.
double order_in_lambda(const std::string& id, Json options, int64_t steps) {
  options["final_sigmas_type"] = "sigma_min", options["lower_order_final"] = false;
  return order_of(*make_sampler(id, options), log_spaced(10, 0.1, false), steps, stable_diffusion_noise());
}

/// abar falls evenly in its logarithm over many steps, from a first step that leaves noise: where noise vanishes it
/// goes with the root of time, which a method with even steps in time cannot follow to its order.
NoiseModel smooth_noise() {
  NoiseModelOptions options;
  options.num_train_timesteps = 4096;
  options.trained_betas.assign(4096, 6.0 / 4096);
  options.trained_betas.front() = 0.3;
  return NoiseModel(options);
}

/// Of the samplers that step between training steps.
double order_in_time(const std::string& id, Json options, int64_t steps) {
  const NoiseModel model = smooth_noise();
  options["set_alpha_to_one"] = false;
  const auto scheduler = make_latent_sampler(id, options);
  return order_of(
      *scheduler, [&](int64_t n) { return scheduler->plan(n, model); }, steps, model);
}

TEST_CASE("Euler is of first order") {
  const double order = order_in_sigma("euler", 64);
  CHECK(order > 0.9);
  CHECK(order < 1.2);
}

TEST_CASE("Heun is of second order") {
  const double order = order_in_sigma("heun", 32);
  CHECK(order > 1.9);
  CHECK(order < 2.2);
}

TEST_CASE("LMS is of first order with one slope, and of second at least with more: its first step is Euler's") {
  for (const int64_t order : {1, 2, 3, 4}) {
    const MakePlan plan = log_spaced(10, 0.1, true);
    INFO(order);
    CHECK(order_of(*make_sampler("lms", {{"order", order}}), plan, 64, stable_diffusion_noise()) >
          static_cast<double>(std::min<int64_t>(order, 2)) - 0.2);
  }
}

TEST_CASE("LMS follows a slope that is a polynomial in sigma without error, but where it starts") {
  // dx / dsigma = p(sigma), whatever x is: a step from k slopes is exact where p is of degree k - 1. The first steps
  // have fewer.
  const double coefficients[] = {0.7, -0.3, 0.2, 0.05};
  const std::vector<double> sigmas = {8, 6.5, 4, 3.5, 2, 1.2, 0.4, 0.1};
  for (size_t degree = 0; degree < 4; ++degree) {
    const auto slope = [&](double sigma) {
      double sum = 0;
      for (size_t k = 0; k <= degree; ++k) sum += coefficients[k] * std::pow(sigma, k);
      return sum;
    };
    const auto area = [&](double from, double to) {
      double sum = 0;
      for (size_t k = 0; k <= degree; ++k)
        sum += coefficients[k] * (std::pow(to, k + 1) - std::pow(from, k + 1)) / static_cast<double>(k + 1);
      return sum;
    };
    Plan plan;
    for (const double sigma : sigmas) plan.levels.push_back({1, sigma, 0});
    std::vector<double> seen = {1};
    SeededNoise none({0});
    make_sampler("lms")->sample(
        [&](const Tensor& x, const Level& level) { return x - level.sigma * slope(level.sigma); },
        at::ones({1, 1, 1, 1}, at::kDouble), plan, stable_diffusion_noise(), none,
        [&](size_t, size_t, const Tensor& x) { seen.push_back(x.item<double>()); });
    for (size_t step = degree; step + 1 < sigmas.size(); ++step) {
      INFO(degree << " " << step);
      CHECK(seen[step + 1] - seen[step] == Approx(area(sigmas[step], sigmas[step + 1])).epsilon(1e-9));
    }
  }
}

TEST_CASE("DDIM is of first order") {
  const double order = order_in_time("ddim", Json::object(), 64);
  CHECK(order > 0.9);
  CHECK(order < 1.2);
}

TEST_CASE("PNDM is of third order, with either start") {
  CHECK(order_in_time("pndm", {{"skip_prk_steps", true}}, 32) > 2.8);
  CHECK(order_in_time("pndm", {{"skip_prk_steps", false}}, 32) > 2.8);
}

TEST_CASE("DPM-Solver and DPM-Solver++ of first order are") {
  for (const char* algorithm : {"dpmsolver", "dpmsolver++"}) {
    const double order =
        order_in_lambda("dpm_solver_multistep", {{"algorithm_type", algorithm}, {"solver_order", 1}}, 16);
    INFO(algorithm);
    CHECK(order > 0.9);
    CHECK(order < 1.2);
  }
}

TEST_CASE("DPM-Solver and DPM-Solver++ of second and third order are of second at least, of either type") {
  for (const char* algorithm : {"dpmsolver", "dpmsolver++"})
    for (const char* type : {"midpoint", "heun"})
      for (const int solver_order : {2, 3}) {
        INFO(algorithm << " " << type << " " << solver_order);
        CHECK(order_in_lambda("dpm_solver_multistep",
                              {{"algorithm_type", algorithm}, {"solver_type", type}, {"solver_order", solver_order}},
                              16) > 1.8);
      }
}

TEST_CASE("singlestep DPM-Solver and DPM-Solver++ are of their order, in runs of whole groups") {
  for (const char* algorithm : {"dpmsolver", "dpmsolver++"})
    for (const int solver_order : {1, 2, 3}) {
      INFO(algorithm << " " << solver_order);
      CHECK(order_in_lambda("dpm_solver_singlestep",
                            {{"algorithm_type", algorithm}, {"solver_type", "heun"}, {"solver_order", solver_order}},
                            24) > std::min(solver_order, 2) - 0.2);
    }
}

TEST_CASE("UniPC's corrector adds one to its predictor's order") {
  for (const bool predict_x0 : {true, false})
    for (const char* type : {"bh1", "bh2"})
      for (const int solver_order : {1, 2, 3}) {
        INFO(predict_x0 << " " << type << " " << solver_order);
        const Json options = {{"predict_x0", predict_x0}, {"solver_type", type}, {"solver_order", solver_order}};
        const int64_t steps = solver_order == 1 ? 64 : 16;  // the more exact, the sooner float32 coefficients show
        CHECK(order_in_lambda("unipc", options, steps) > solver_order + 0.5);
      }
}

TEST_CASE("UniPC without its corrector is of its predictor's order") {
  Json all = Json::array();
  for (int step = 0; step < 64; ++step) all.push_back(step);
  const double order = order_in_lambda("unipc", {{"solver_order", 1}, {"disable_corrector", all}}, 16);
  CHECK(order > 0.9);
  CHECK(order < 1.2);
}

TEST_CASE("stochastic samplers end with the data's variance") {
  const NoiseModel model = stable_diffusion_noise();
  const std::vector<std::pair<std::string, Json>> samplers = {
      {"euler_ancestral", Json::object()},
      {"ddim", {{"eta", 1}, {"clip_sample", false}}},
      {"dpm_solver_multistep", {{"algorithm_type", "sde-dpmsolver++"}}},
      {"dpm_solver_multistep", {{"algorithm_type", "sde-dpmsolver"}, {"final_sigmas_type", "sigma_min"}}}};
  for (Json::size_type i = 0; i < samplers.size(); ++i) {
    const auto& [id, options] = samplers[i];
    const auto scheduler = make_sampler(id, options);
    const Plan plan = scheduler->plan(400, model);
    SeededNoise noise({i + 1});
    const Tensor start = noise.normal({1, 200, 200}) * std::sqrt(variance_at(plan.levels.front()));
    const Tensor end = scheduler->sample(best_denoiser, start, plan, model, noise, ignore_step);
    INFO(id << " " << dump_json(options));
    CHECK(end.std().item<double>() == Approx(std::sqrt(variance_at(plan.levels.back()))).epsilon(0.02));
  }
}

}  // namespace
}  // namespace alice::test
