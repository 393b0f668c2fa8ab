// Flow matching and EDM: what networks of these paths are told and shown, their levels, and samplers on them.

#include <cmath>

#include "core/math/denoiser.h"
#include "tests/schedulers/samplers.h"
#include "tests/support/catch.h"
#include "tests/support/errors.h"

namespace alice::test {
namespace {

constexpr double kDataDeviation = 0.6;

NoiseModel model_of(const Json& json) {
  Faults faults;
  const auto options = noise_model_options().read(json, UnknownKeys::fault, json_places(""), faults);
  faults.throw_if_any(ErrorCode::bad_config);
  return NoiseModel(options);
}
NoiseModel flow(Json more = Json::object()) {
  more["prediction_type"] = "flow_prediction";
  return model_of(more);
}
NoiseModel edm(const std::string& prediction = "epsilon") {
  return model_of({{"edm", true}, {"prediction_type", prediction}});
}

std::vector<double> sigmas_of(const Plan& plan) {
  std::vector<double> sigmas;
  for (const Level& level : plan.levels) sigmas.push_back(level.sigma);
  return sigmas;
}

bool are_near(const std::vector<double>& ours, const std::vector<double>& theirs, double most = 1e-6) {
  if (ours.size() != theirs.size()) return false;
  for (size_t i = 0; i < ours.size(); ++i)
    if (std::abs(ours[i] - theirs[i]) > most) return false;
  return true;
}

double largest(const Tensor& difference) { return difference.abs().max().item<double>(); }

/// Levels of the same mixture in several scalings.
std::vector<Level> scalings(double sigma_over_alpha) {
  const double norm = std::hypot(1, sigma_over_alpha), sum = 1 + sigma_over_alpha;
  return {{1, sigma_over_alpha, 0}, {1 / norm, sigma_over_alpha / norm, 0}, {1 / sum, sigma_over_alpha / sum, 0}};
}

TEST_CASE("a flow's network is shown the straight line, and its answer is read, whatever the sampler's scaling") {
  const Tensor x0 = at::randn({1, 4, 2, 2}, at::kDouble), eps = at::randn({1, 4, 2, 2}, at::kDouble);
  const NoiseModel model = flow();
  for (const double ratio : {0.01, 0.5, 3.0, 80.0})
    for (const Level& level : scalings(ratio)) {
      const Tensor x = x0 * level.alpha + eps * level.sigma;
      const double s = ratio / (1 + ratio);
      INFO(ratio << " " << level.alpha);
      CHECK(largest(network_input(x, level, model) - (x0 * (1 - s) + eps * s)) < 1e-12);
      CHECK(largest(x0_from_prediction(eps - x0, x, level, model) - x0) < 1e-9);
    }
  CHECK(largest(x0_from_prediction(eps - x0, eps, {0, 1, 1000}, model) - x0) < 1e-12);  // pure noise
}

TEST_CASE("EDM's network is shown x of unit variance, and its answer is read, whatever the sampler's scaling") {
  const double d = 0.5;
  const Tensor x0 = at::randn({1, 4, 2, 2}, at::kDouble), eps = at::randn({1, 4, 2, 2}, at::kDouble);
  for (const char* prediction : {"epsilon", "v_prediction"})
    for (const double sigma : {0.002, 0.5, 80.0}) {
      const Tensor noised = x0 + eps * sigma;
      const double norm = std::sqrt(sigma * sigma + d * d), sign = prediction == std::string("epsilon") ? 1 : -1;
      // Karras et al. 2022, Table 1: what the network would have to say for D(x) to be x0.
      const Tensor m = (x0 - noised * (d * d / (norm * norm))) * (sign * norm / (sigma * d));
      for (const Level& level : scalings(sigma)) {
        const Tensor x = noised * level.alpha;
        INFO(prediction << " " << sigma << " " << level.alpha);
        CHECK(largest(network_input(x, level, edm(prediction)) - noised / norm) < 1e-12);
        CHECK(largest(x0_from_prediction(m, x, level, edm(prediction)) - x0) < 1e-9);
      }
    }
}

TEST_CASE("levels say what the network is told") {
  const Level half = flow().level(0.5), end = flow().level(0);
  CHECK((half.alpha == 0.5 && half.sigma == 0.5 && half.t == 500));
  CHECK((end.alpha == 1 && end.sigma == 0));
  CHECK(flow({{"num_train_timesteps", 100}}).level(0.5).t == 50);
  CHECK(edm().level(80).t == Approx(std::log(80.0) / 4));
  CHECK((edm().level(80).alpha == 1 && edm().level(0).t == 0));
  const NoiseModel usual = stable_diffusion_noise();
  CHECK(usual.level(usual.sigmas()[500]).t == Approx(500).margin(0.02));
}

TEST_CASE("a flow's levels are those of the models that have them") {
  // By the formulas of Esser et al. 2024, section 5.3.2, and of Black Forest Labs' code; checked against diffusers.
  CHECK(are_near(flow({{"shift", 3}}).run_sigmas(5), {1, 0.900359, 0.751121, 0.502985, 0.008929}));
  CHECK(are_near(flow({{"flow_shift", 3}}).run_sigmas(5), flow({{"shift", 3}}).run_sigmas(5), 0));
  const Json by_size = {{"use_dynamic_shifting", true}, {"flow_grid", "even"}};
  const auto at_side = [&](int64_t pixels) { return flow(by_size).for_tokens(pixels / 16 * (pixels / 16)); };
  CHECK(are_near(at_side(1024).run_sigmas(4), {1, 0.904531, 0.759511, 0.512844}));
  CHECK(are_near(at_side(512).run_sigmas(4), {1, 0.849235, 0.652489, 0.384945}));
  CHECK(are_near(flow({{"flow_grid", "even"}}).run_sigmas(4), {1, 0.75, 0.5, 0.25}));
  const auto ended = flow({{"shift_terminal", 0.1}, {"shift", 3}}).run_sigmas(5);
  CHECK(ended.front() == 1);
  CHECK(ended.back() == Approx(0.1));
  CHECK(are_near(flow({{"shift_terminal", 0.1}}).run_sigmas(1), {1}, 0));  // nothing to stretch
}

TEST_CASE("DPM-Solver and UniPC start just below a flow's plain noise, on the reference's grids") {
  // diffusers' scheduling_dpmsolver_multistep.py and scheduling_unipc_multistep.py, use_flow_sigmas, shift 3, 4 steps.
  const NoiseModel model = flow({{"shift", 3}});
  const auto shifted = [](double s) { return 3 * s / (1 + 2 * s); };
  const Plan dpm = make_sampler("dpm_solver_multistep")->plan(4, model);
  CHECK(are_near(sigmas_of(dpm), {shifted(0.999), shifted(0.74925), shifted(0.4995), shifted(0.24975), 0}));
  CHECK(dpm.levels.front().t == 999);
  CHECK(dpm.init_noise_sigma == 1);
  const Plan unipc = make_sampler("unipc")->plan(4, model);
  CHECK(are_near(sigmas_of(unipc), {1 - 1e-6, shifted(0.75025), shifted(0.5005), shifted(0.25075), 0}));
  CHECK(unipc.levels[1].t == 900);  // cut, not rounded: 900.119
  CHECK_THROWS_WITH(make_sampler("dpm_solver_multistep", {{"use_lu_lambdas", true}})->plan(4, model),
                    Catch::Contains("use_lu_lambdas"));
}

TEST_CASE("options of one path are refused on another, by name") {
  for (const Json& only_flow : {Json{{"shift", 3}}, Json{{"flow_shift", 3}}, Json{{"use_dynamic_shifting", true}},
                                Json{{"time_shift_type", "linear"}}, Json{{"shift_terminal", 0.1}},
                                Json{{"flow_grid", "even"}}, Json{{"use_flow_sigmas", true}}}) {
    INFO(dump_json(only_flow));
    CHECK_THROWS_WITH(model_of(only_flow), Catch::Contains(only_flow.begin().key()));
    CHECK_NOTHROW(flow(only_flow));
  }
  CHECK_NOTHROW(model_of({{"shift", 1}, {"flow_shift", 1}}));  // as files say it that have no use for it
  CHECK_THROWS_WITH(flow({{"shift", 2}, {"flow_shift", 3}}), Catch::Contains("another name of shift"));
  CHECK_THROWS_WITH(flow({{"invert_sigmas", true}}), Catch::Contains("/invert_sigmas"));
  CHECK_THROWS_WITH(flow({{"max_image_seq_len", 256}}), Catch::Contains("/max_image_seq_len"));
  CHECK_THROWS_WITH(flow({{"edm", true}}), Catch::Contains("/edm"));
  for (const Json& only_edm : {Json{{"sigma_data", 1}}, Json{{"sigma_schedule", "exponential"}}, Json{{"rho", 5}}})
    CHECK_THROWS_WITH(model_of(only_edm), Catch::Contains(only_edm.begin().key()));
  CHECK_THROWS_WITH(edm("sample"), Catch::Contains("/prediction_type"));
  CHECK_THROWS_WITH(model_of({{"edm", true}, {"sigma_min", 90}}), Catch::Contains("/sigma_min"));
  CHECK_THROWS_WITH(flow({{"use_dynamic_shifting", true}}).run_sigmas(4), Catch::Contains("size of the picture"));
  CHECK_THROWS_WITH(flow().run_sigmas(1001), Catch::Contains("/steps"));
}

TEST_CASE("samplers that live in abar refuse flow matching and EDM in a sentence, as whoever asks for abar does") {
  for (const NoiseModel& model : {flow(), edm()})
    for (const char* id : {"ddim", "pndm", "lcm", "tcd"}) {
      const Error error = error_of([&] { make_sampler(id)->plan(4, model); });
      INFO(id);
      CHECK(error.code() == ErrorCode::bad_request);
      CHECK(error.place() == "/scheduler");
      CHECK_THAT(error.sentence(), Catch::Contains("Name another scheduler"));
    }
  CHECK_THROWS_AS(flow().sigmas(), Error);
  CHECK_THROWS_WITH(make_sampler("euler", {{"s_churn", 1}})->plan(4, flow()), Catch::Contains("s_churn"));
}

/// Those that serve every path.
const std::vector<std::pair<std::string, Json>>& samplers() {
  static const std::vector<std::pair<std::string, Json>> all = {
      {"euler", Json::object()},
      {"euler", {{"stochastic_sampling", true}}},
      {"euler", {{"use_karras_sigmas", true}}},
      {"euler_ancestral", Json::object()},
      {"heun", {{"use_beta_sigmas", true}}},
      {"lms", Json::object()},
      {"dpm_solver_multistep", Json::object()},
      {"dpm_solver_multistep", {{"solver_order", 3}, {"use_karras_sigmas", true}}},
      {"dpm_solver_multistep", {{"algorithm_type", "sde-dpmsolver++"}}},
      {"unipc", Json::object()},
      {"unipc", {{"solver_order", 3}, {"use_exponential_sigmas", true}}}};
  return all;
}

TEST_CASE("on every path a denoiser that always sees the same picture gives that picture, and levels fall") {
  for (const NoiseModel& model : {flow(), flow({{"shift", 3}}), edm(), edm("v_prediction")})
    for (const auto& [id, options] : samplers())
      for (const int64_t steps : {1, 2, 7, 30}) {
        const auto scheduler = make_sampler(id, options);
        const Plan plan = scheduler->plan(steps, model);
        INFO(id << " " << dump_json(options) << " " << steps);
        REQUIRE(plan.steps() == static_cast<size_t>(steps));
        for (size_t i = 1; i < plan.levels.size(); ++i) CHECK(plan.levels[i].sigma < plan.levels[i - 1].sigma);
        SeededNoise noise({3});
        const Tensor end =
            scheduler->sample([](const Tensor& x, const Level&) { return at::full_like(x, 0.625); },
                              noise.normal({4, 2, 2}) * plan.init_noise_sigma, plan, model, noise, ignore_step);
        CHECK(largest(end - 0.625) < 5e-5);
      }
}

double variance_at(const Level& level) { return std::pow(level.alpha * kDataDeviation, 2) + std::pow(level.sigma, 2); }

Tensor best_denoiser(const Tensor& x, const Level& level) {
  return x * (level.alpha * kDataDeviation * kDataDeviation / variance_at(level));
}

/// Relative distance from the exact path, on which x stays proportional to its deviation (Song et al. 2021).
double error_of_run(const Scheduler& scheduler, const NoiseModel& model, int64_t steps) {
  Plan plan;
  for (int64_t i = 0; i <= steps; ++i)
    plan.levels.push_back(model.level(0.9 - 0.8 * static_cast<double>(i) / static_cast<double>(steps)));
  SeededNoise none({0});
  const Tensor start = at::ones({1, 1, 1, 1}, at::kDouble);
  const Tensor end = scheduler.sample(best_denoiser, start, plan, model, none, ignore_step);
  const double exact = std::sqrt(variance_at(plan.levels.back()) / variance_at(plan.levels.front()));
  return std::abs(end.item<double>() - exact) / exact;
}

TEST_CASE("samplers keep their order of convergence on a flow") {
  const auto order = [](const std::string& id, const Json& options, int64_t steps) {
    const auto scheduler = make_sampler(id, options);
    return std::log2(error_of_run(*scheduler, flow(), steps) / error_of_run(*scheduler, flow(), 2 * steps));
  };
  CHECK(order("euler", Json::object(), 64) == Approx(1).margin(0.15));
  CHECK(order("heun", Json::object(), 32) == Approx(2).margin(0.2));
  CHECK(order("lms", Json::object(), 64) > 1.8);
  const Json whole = {{"final_sigmas_type", "sigma_min"}, {"lower_order_final", false}};
  CHECK(order("dpm_solver_multistep", whole, 32) > 1.8);
  CHECK(order("unipc", whole, 16) > 2.4);
}

TEST_CASE("stochastic samplers end with the data's variance on a flow and with EDM") {
  for (const NoiseModel& model : {flow(), edm()})
    for (const auto& [id, options] : std::vector<std::pair<std::string, Json>>{
             {"euler_ancestral", Json::object()}, {"dpm_solver_multistep", {{"algorithm_type", "sde-dpmsolver++"}}}}) {
      const auto scheduler = make_sampler(id, options);
      const Plan plan = scheduler->plan(400, model);
      SeededNoise noise({1});
      const Tensor start = noise.normal({1, 200, 200}) * std::sqrt(variance_at(plan.levels.front()));
      const Tensor end = scheduler->sample(best_denoiser, start, plan, model, noise, ignore_step);
      INFO(id);
      CHECK(end.std().item<double>() == Approx(kDataDeviation).epsilon(0.02));
    }
}

}  // namespace
}  // namespace alice::test
