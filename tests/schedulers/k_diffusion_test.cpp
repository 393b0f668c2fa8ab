// Samplers of k-diffusion and ComfyUI against numbers that were computed with their own functions in float64, of a
// denoiser that is a formula: x0 = x / (1 + sigma^2), from x = 10 over sigma 10, 5, 2, 1, 0.5, 0, every draw of
// noise 1.

#include <cmath>

#include "core/math/brownian_tree.h"
#include "core/math/run_noise.h"
#include "core/math/sampler_options.h"
#include "core/math/seed_sequence.h"
#include "tests/schedulers/samplers.h"
#include "tests/support/catch.h"

namespace alice::test {
namespace {

constexpr double kMargin = 2e-5;

/// Every number is 1. It has no Brownian motion.
class Ones final : public NoiseSource {
 public:
  Tensor normal_like(const Tensor& like) override { return at::ones_like(like, at::kFloat); }
};

Tensor formula(const Tensor& x, const Level& level) {
  const double ratio = level.sigma / level.alpha;
  return x / (level.alpha * (1 + ratio * ratio));
}

Plan plan_of(const std::vector<double>& sigmas) {
  Plan plan;
  for (const double sigma : sigmas) plan.levels.push_back({1, sigma, 1});
  return plan;
}

struct Ended {
  double x;
  int calls;
};

Ended end_of(const std::string& id, const Json& options, const Plan& plan, at::ScalarType type = at::kFloat) {
  Ones ones;
  Ended ended = {0, 0};
  const auto denoise = [&](const Tensor& x, const Level& level) {
    ++ended.calls;
    return formula(x, level);
  };
  const double start = 10 * plan.levels.front().alpha;
  ended.x =
      make_sampler(id, options)
          ->sample(denoise, at::full({1, 1, 1, 1}, start, type), plan, stable_diffusion_noise(), ones, ignore_step)
          .item<double>();
  return ended;
}

struct Row {
  std::string id;
  Json options;
  double end;
  int calls;
};

TEST_CASE("each sampler ends where k-diffusion's or ComfyUI's function of its name ends") {
  const Json none = Json::object(), still = {{"eta", 0}}, noisy = {{"eta", 1}};
  const Json middle = {{"tau_from", 6}, {"tau_to", 0.8}}, pece = {{"use_pece", true}};
  const std::vector<Row> rows = {
      {"euler", none, 0.769078, 5},
      {"heun", none, 0.970489, 9},
      {"restart", none, 0.970489, 9},
      {"dpm2", none, 0.917339, 9},
      {"lms", none, 0.908549, 5},
      {"lms", {{"jump_to_picture", true}}, 0.818899, 5},
      {"dpm_solver_multistep", {{"solver_order", 2}}, 0.858004, 5},
      {"dpmpp_2m_sde", still, 0.858004, 5},
      {"dpmpp_2m_sde", {{"eta", 0}, {"solver_type", "heun"}}, 0.869564, 5},
      {"dpmpp_2s_ancestral", still, 0.869195, 9},
      {"dpmpp_sde", still, 0.869195, 9},
      {"seeds_2", still, 0.869195, 9},
      {"seeds_3", still, 0.889758, 13},
      {"heunpp2", none, 0.810913, 12},
      {"lcm", {{"timestep_scaling", 1e6}}, 0.975689, 5},
      {"ipndm", none, 0.875228, 5},
      {"ipndm_v", none, 0.863425, 5},
      {"deis", none, 0.859118, 5},
      {"gradient_estimation", none, 0.914851, 5},
      {"res_multistep", none, 0.869564, 5},
      {"res_multistep", noisy, 1.687105, 5},
      {"dpmpp_3m_sde", still, 0.891095, 5},
      {"dpmpp_3m_sde", noisy, 1.765621, 5},
      {"sa_solver", {{"tau", 0}}, 0.837281, 5},
      {"sa_solver", {{"tau", 0}, {"use_pece", true}}, 0.898754, 9},
      {"sa_solver", middle, 1.442991, 5},
      {"sa_solver", joined(middle, pece), 1.566079, 9},
      {"er_sde", none, 1.621405, 5},
      {"euler_ancestral", none, 1.411582, 5},
      {"dpm2_ancestral", none, 2.203457, 9},
      {"dpmpp_2s_ancestral", none, 1.747747, 9},
      {"dpmpp_sde", none, 1.776821, 9},
      {"dpmpp_2m_sde", none, 1.630988, 5},
      {"dpmpp_2m_sde", {{"solver_type", "heun"}}, 1.687105, 5},
      {"seeds_2", none, 2.288578, 9},
      {"seeds_3", none, 2.955605, 13},
  };
  for (const Row& row : rows) {
    INFO(row.id << " " << dump_json(row.options));
    const Ended ended = end_of(row.id, row.options, plan_of({10, 5, 2, 1, 0.5, 0}));
    CHECK(ended.x == Approx(row.end).margin(kMargin));
    CHECK(ended.calls == row.calls);
  }
}

TEST_CASE("DDPM, which scales x to its variance, ends where k-diffusion's Euler ancestral ends") {
  Plan plan;
  for (const double sigma : {10.0, 5.0, 2.0, 1.0, 0.5, 0.0}) {
    const double alpha = 1 / std::sqrt(1 + sigma * sigma);
    plan.levels.push_back({alpha, sigma * alpha, 1});
  }
  CHECK(end_of("ddpm", {{"clip_sample", false}}, plan).x == Approx(1.411582).margin(kMargin));
}

TEST_CASE("DPM fast makes as many calls as steps, and ends where k-diffusion's ends") {
  const std::vector<std::pair<size_t, double>> rows = {
      {3, 0.903661}, {4, 0.801900}, {5, 1.209739}, {6, 1.075621}, {9, 1.022681}};
  for (const auto& [steps, end] : rows) {
    std::vector<double> sigmas(steps, 10);
    sigmas.push_back(0.1);
    const Ended ended = end_of("dpm_fast", Json::object(), plan_of(sigmas));
    INFO(steps);
    CHECK(ended.x == Approx(end).margin(kMargin));
    CHECK(ended.calls == static_cast<int>(steps));
  }
}

TEST_CASE("DPM adaptive takes the steps that k-diffusion's takes, and tells of the plan's as it passes them") {
  // In float64: the error of its first step is below float32's digits, and says how long the next ones are.
  const Ended ended = end_of("dpm_adaptive", Json::object(), plan_of({10, 0.1}), at::kDouble);
  CHECK(ended.x == Approx(1.035407).margin(kMargin));
  CHECK(ended.calls == 18);
  // A nearer tolerance comes nearer to the exact end, sqrt(101) / sqrt(1.01) of it being 1 at sigma 0.1.
  const double exact = 10 * std::sqrt(1 + 0.1 * 0.1) / std::sqrt(101);
  const auto error = [&](double rtol) {
    const Json options = {{"rtol", rtol}, {"atol", rtol / 10}};
    return std::abs(end_of("dpm_adaptive", options, plan_of({10, 0.1}), at::kDouble).x - exact);
  };
  CHECK(error(0.001) < error(0.05) / 10);
}

TEST_CASE("restart goes back to more noise once from 20 steps on, and twice from 36 on") {
  for (const auto& [steps, times] : {std::pair<int64_t, int>{19, 0}, {20, 1}, {35, 1}, {36, 2}, {100, 2}}) {
    const auto scheduler = make_sampler("restart");
    const NoiseModel model = stable_diffusion_noise();
    const Plan plan = scheduler->plan(steps, model);
    CountedNoise noise({1});
    int calls = 0;
    size_t told = 0;
    scheduler->sample(
        [&](const Tensor& x, const Level& level) {
          ++calls;
          return formula(x, level);
        },
        at::ones({1, 1, 2, 2}), plan, model, noise, [&](size_t done, size_t, const Tensor&) { told = done; });
    INFO(steps);
    CHECK(noise.draws == times);
    CHECK(told == static_cast<size_t>(steps));
    CHECK(calls == 2 * steps - 1);
  }
}

TEST_CASE("seeds of a sequence are numpy's") {
  CHECK(seed_sequence(42, {}, 24, 3) == std::vector<uint32_t>{387750627, 2536650517, 4078839648});
  CHECK(seed_sequence(42, {0, 0}, 24, 1) == std::vector<uint32_t>{2102017995});
  CHECK(seed_sequence(42, {1, 1}, 24, 1) == std::vector<uint32_t>{1058881542});
  CHECK(seed_sequence((uint64_t{1} << 40) + 7, {5, 3}, 24, 2) == std::vector<uint32_t>{274823170, 1995610858});
}

/// torchsde 0.2.6: BrownianTree(t0, zeros(2, 3), t1, entropy=42)(from, to), of t0 and t1 that are float32 numbers.
TEST_CASE("a Brownian tree is torchsde's") {
  const BrownianTree tree(42, 0.0291675f, 14.614647f, {2, 3});
  const auto near = [&](double from, double to, const std::vector<double>& wanted) {
    const Tensor found = tree.increment(from, to).flatten();
    for (int64_t i = 0; i < 6; ++i)
      CHECK(found[i].item<double>() == Approx(wanted[static_cast<size_t>(i)]).margin(2e-6));
  };
  near(1.5, 10.25,
       {-2.345385789871216, -1.9377485513687134, 0.26298457384109497, 1.512422800064087, 0.5638507604598999,
        -0.021802395582199097});
  near(0.0291675f, 14.614647f,
       {-1.7453523874282837, -5.202156066894531, 2.1306076049804688, -0.5713493824005127, 1.7641905546188354,
        0.5304209589958191});
  near(0.1f, 0.3f,
       {0.8943576812744141, 0.1731892079114914, 0.37056735157966614, -0.6034830212593079, -0.017318658530712128,
        -0.1773024946451187});
  near(0.15f, 0.2f,
       {0.5000467300415039, -0.3998725116252899, 0.054305676370859146, 0.08535344898700714, 0.017192533239722252,
        -0.024086803197860718});
  near(5, 5.00001f,
       {-0.0013244161382317543, -0.0020953018683940172, -0.0026756622828543186, 0.000369597808457911,
        0.0010264269076287746, 0.0025156910996884108});
}

TEST_CASE("noise of intervals that overlap fits together, and is standard normal") {
  SeededNoise source({1, 2});
  const Plan plan = plan_of({14, 3, 1, 0});
  RunNoise noise(source, plan);
  const Tensor like = at::empty({2, 4, 60, 60});
  const Tensor whole = noise.between(like, 9, 4), first = noise.between(like, 9, 6.5),
               second = noise.between(like, 6.5, 4);
  CHECK((whole - (first + second) * std::sqrt(0.5)).abs().max().item<double>() < 1e-5);
  CHECK(whole.std().item<double>() == Approx(1).epsilon(0.02));
  CHECK(std::abs((first * second).mean().item<double>()) < 0.02);
  CHECK(at::equal(noise.between(like, 9, 4), whole));  // whatever was asked in between

  SeededNoise alone({2});
  RunNoise of_one(alone, plan);
  CHECK(at::equal(of_one.between(at::empty({1, 4, 60, 60}), 9, 4)[0], whole[1]));
  RunNoise again(source, plan);  // a second motion of one source is another
  CHECK(std::abs((again.between(like, 9, 4) * whole).mean().item<double>()) < 0.02);
}

}  // namespace
}  // namespace alice::test
