// What every sampler keeps to, whatever its algorithm.

#include <thread>

#include "tests/schedulers/samplers.h"
#include "tests/support/catch.h"

namespace alice::test {
namespace {

/// A sampler with options that make its paths differ.
struct Variant {
  std::string id;
  Json options;
};
const std::vector<Variant>& variants() {
  static const std::vector<Variant> all = {
      {"ddim", {{"clip_sample", false}}},
      {"ddim", {{"thresholding", true}, {"sample_max_value", 1.5}, {"use_clipped_model_output", true}}},
      {"ddim", {{"eta", 0.7}}},
      {"pndm", {{"skip_prk_steps", true}, {"set_alpha_to_one", true}}},
      {"pndm", {{"skip_prk_steps", false}, {"set_alpha_to_one", true}}},
      {"euler", Json::object()},
      {"euler", {{"s_churn", 5}, {"use_karras_sigmas", true}}},
      {"euler_ancestral", Json::object()},
      {"heun", Json::object()},
      {"heun", {{"clip_sample", true}, {"use_beta_sigmas", true}}},
      {"dpm_solver_multistep", {{"solver_order", 1}}},
      {"dpm_solver_multistep", {{"solver_order", 2}, {"thresholding", true}}},
      {"dpm_solver_multistep", {{"solver_order", 3}, {"solver_type", "heun"}}},
      {"dpm_solver_multistep", {{"algorithm_type", "dpmsolver"}, {"final_sigmas_type", "sigma_min"}}},
      {"dpm_solver_multistep", {{"algorithm_type", "sde-dpmsolver"}, {"final_sigmas_type", "sigma_min"}}},
      {"dpm_solver_multistep", {{"algorithm_type", "sde-dpmsolver++"}, {"use_lu_lambdas", true}}},
      {"unipc", Json::object()},
      {"unipc", {{"solver_order", 3}, {"predict_x0", false}, {"solver_type", "bh1"}}},
      {"unipc", {{"use_karras_sigmas", true}, {"lower_order_final", false}, {"thresholding", true}}},
      {"unipc",
       {{"use_exponential_sigmas", true},
        {"final_sigmas_type", "sigma_min"},
        {"solver_order", 3},
        {"lower_order_final", false}}},
      {"lcm", {{"original_inference_steps", 1000}}},
      {"lms", Json::object()},
      {"lms", {{"order", 2}, {"use_karras_sigmas", true}}},
      {"tcd", {{"original_inference_steps", nullptr}}},
      {"tcd", {{"original_inference_steps", 1000}, {"eta", 0}}},
      {"ddpm", {{"clip_sample", false}}},
      {"ddpm", {{"variance_type", "fixed_large"}, {"thresholding", true}}},
      {"dpm_solver_singlestep", Json::object()},
      {"dpm_solver_singlestep", {{"solver_order", 3}, {"solver_type", "heun"}, {"use_karras_sigmas", true}}},
      {"dpm_solver_singlestep", {{"algorithm_type", "sde-dpmsolver++"}, {"solver_order", 3}}},
      {"dpm_solver_singlestep", {{"algorithm_type", "dpmsolver"}, {"final_sigmas_type", "sigma_min"}}},
      {"deis_multistep", {{"solver_order", 3}}},
      {"sa_solver_multistep", Json::object()},
      {"sa_solver_multistep", {{"algorithm_type", "noise_prediction"}, {"predictor_order", 3}}},
      {"dpm2", Json::object()},
      {"dpm2_ancestral", {{"use_karras_sigmas", true}}},
      {"dpmpp_2s_ancestral", {{"spacing", "karras"}}},
      {"dpmpp_sde", Json::object()},
      {"dpmpp_2m_sde", {{"solver_type", "heun"}}},
      {"dpmpp_3m_sde", {{"use_exponential_sigmas", true}}},
      {"dpm_fast", {{"eta", 1}}},
      {"er_sde", Json::object()},
      {"gradient_estimation", Json::object()},
      {"heunpp2", {{"spacing", "sgm_uniform"}}},
      {"ipndm", Json::object()},
      {"ipndm_v", {{"max_order", 3}}},
      {"deis", Json::object()},
      {"res_multistep", {{"eta", 1}}},
      {"restart", {{"use_karras_sigmas", true}}},
      {"sa_solver", {{"use_pece", true}}},
      {"seeds_2", Json::object()},
      {"seeds_3", {{"eta", 0}}}};
  return all;
}

std::string name_of(const Variant& variant) { return variant.id + " " + dump_json(variant.options); }

/// Not linear, and the same for a row whatever its neighbours.
Tensor some_denoiser(const Tensor& x, const Level& level) { return x * level.alpha / (x.abs() + (1 + level.sigma)); }

Tensor run(const Scheduler& scheduler, const Plan& plan, const NoiseModel& model, const std::vector<uint64_t>& seeds) {
  SeededNoise noise(seeds);
  const Tensor start = noise.normal({4, 5, 7}) * plan.init_noise_sigma;
  return scheduler.sample(some_denoiser, start, plan, model, noise, ignore_step);
}

TEST_CASE("a denoiser that always sees the same picture gives that picture") {
  // A network that predicts it: of other predictions Euler's churn, as the reference has it, reads an old answer anew.
  const NoiseModel model = stable_diffusion_noise(Prediction::sample);
  const double picture = 0.625;
  for (const Variant& variant : variants()) {
    const auto scheduler = make_sampler(variant.id, variant.options);
    for (const int64_t steps : {1, 2, 4, 5, 20}) {  // even ratios: PRK's half steps meet
      const Plan plan = scheduler->plan(steps, model);
      if (plan.levels.back().sigma != 0) continue;
      SeededNoise noise({3});
      const Tensor end =
          scheduler->sample([&](const Tensor& x, const Level&) { return at::full_like(x, picture); },
                            noise.normal({4, 2, 2}) * plan.init_noise_sigma, plan, model, noise, ignore_step);
      INFO(name_of(variant) << " " << steps);
      CHECK((end - picture).abs().max().item<double>() < 2e-5);
    }
  }
}

TEST_CASE("runs of one step and of every training step end in finite numbers") {
  const NoiseModel model = stable_diffusion_noise();
  for (const Variant& variant : variants()) {
    const auto scheduler = make_sampler(variant.id, variant.options);
    for (const int64_t steps : {1, 2, 3, 1000}) {
      INFO(name_of(variant) << " " << steps);
      CHECK(run(*scheduler, scheduler->plan(steps, model), model, {1}).isfinite().all().item<bool>());
    }
  }
}

TEST_CASE("one object used by four threads gives each the same bits") {
  const NoiseModel model = stable_diffusion_noise();
  for (const Variant& variant : variants()) {
    const auto scheduler = make_sampler(variant.id, variant.options);
    const Plan plan = scheduler->plan(8, model);
    const Tensor alone = run(*scheduler, plan, model, {11});
    std::vector<Tensor> ends(4);
    std::vector<std::thread> threads;
    for (Tensor& end : ends)
      threads.emplace_back([&] { end = run(*scheduler, scheduler->plan(8, model), model, {11}); });
    for (std::thread& thread : threads) thread.join();
    INFO(name_of(variant));
    for (const Tensor& end : ends) CHECK(at::equal(end, alone));
  }
}

TEST_CASE("a batch equals its images made one by one, bit for bit") {
  const NoiseModel model = stable_diffusion_noise();
  for (const Variant& variant : variants()) {
    const auto scheduler = make_sampler(variant.id, variant.options);
    const Plan plan = scheduler->plan(8, model);
    const Tensor batch = run(*scheduler, plan, model, {7, 8, 9});
    INFO(name_of(variant));
    for (int64_t image = 0; image < 3; ++image)
      CHECK(at::equal(batch[image], run(*scheduler, plan, model, {7 + static_cast<uint64_t>(image)})[0]));
  }
}

TEST_CASE("sampling leaves the starting noise as it was") {
  const NoiseModel model = stable_diffusion_noise();
  for (const Variant& variant : variants()) {
    const auto scheduler = make_sampler(variant.id, variant.options);
    SeededNoise noise({1});
    const Tensor start = noise.normal({4, 2, 2}), kept = start.clone();
    scheduler->sample(some_denoiser, start, scheduler->plan(6, model), model, noise, ignore_step);
    INFO(name_of(variant));
    CHECK(at::equal(start, kept));
  }
}

TEST_CASE("every step is reported once, with x as it stands") {
  const NoiseModel model = stable_diffusion_noise();
  for (const Variant& variant : variants()) {
    const auto scheduler = make_sampler(variant.id, variant.options);
    for (const size_t begin : {0, 3}) {
      const Plan plan = scheduler->plan(9, model).from(begin);
      std::vector<size_t> reported;
      Tensor last;
      SeededNoise noise({1});
      const Tensor end = scheduler->sample(some_denoiser, noise.normal({4, 2, 2}), plan, model, noise,
                                           [&](size_t done, size_t total, const Tensor& x) {
                                             CHECK(total == plan.steps());
                                             reported.push_back(done);
                                             last = x;
                                           });
      INFO(name_of(variant));
      CHECK(reported.size() == 9 - begin);
      for (size_t i = 0; i < reported.size(); ++i) CHECK(reported[i] == i + 1);
      CHECK(at::equal(last, end));
    }
  }
}

TEST_CASE("what a callback throws comes out as it is") {
  struct Stopped {};
  const NoiseModel model = stable_diffusion_noise();
  for (const Variant& variant : variants()) {
    const auto scheduler = make_sampler(variant.id, variant.options);
    const Plan plan = scheduler->plan(5, model);
    SeededNoise noise({1});
    const Tensor start = noise.normal({4, 2, 2});
    INFO(name_of(variant));
    int calls = 0;
    const auto stopping_denoiser = [&](const Tensor& x, const Level& level) {
      if (++calls == 3) throw Stopped();
      return some_denoiser(x, level);
    };
    CHECK_THROWS_AS(scheduler->sample(stopping_denoiser, start, plan, model, noise, ignore_step), Stopped);
    const auto cancel = [](size_t done, size_t, const Tensor&) {
      if (done == 2) throw Error(ErrorCode::cancelled, "job", "was cancelled");
    };
    CHECK_THROWS_WITH(scheduler->sample(some_denoiser, start, plan, model, noise, cancel),
                      Catch::Contains("was cancelled"));
  }
}

TEST_CASE("only stochastic samplers draw noise, once a step") {
  const NoiseModel model = stable_diffusion_noise();
  const auto draws = [&](const std::string& id, const Json& options) {
    const auto scheduler = make_sampler(id, options);
    CountedNoise noise({1});
    const Plan plan = scheduler->plan(7, model);
    scheduler->sample(some_denoiser, at::ones({1, 4, 2, 2}), plan, model, noise, ignore_step);
    return noise.draws;
  };
  for (const char* id :
       {"ddim", "pndm", "euler", "heun", "dpm_solver_multistep", "unipc", "lms", "dpm_solver_singlestep",
        "deis_multistep", "dpm2", "dpm_fast", "dpm_adaptive", "gradient_estimation", "heunpp2", "ipndm", "ipndm_v",
        "deis", "res_multistep", "ipndm_angular"})
    CHECK(draws(id, Json::object()) == 0);
  for (const char* id : {"dpm2_ancestral", "dpmpp_2s_ancestral", "dpmpp_2m_sde", "dpmpp_3m_sde", "er_sde"})
    CHECK(draws(id, Json::object()) == 6);  // the last step ends at the picture itself
  CHECK(draws("dpmpp_sde", Json::object()) == 12);
  CHECK(draws("seeds_3", Json::object()) == 18);
  CHECK(draws("sa_solver_multistep", Json::object()) == 7);
  CHECK(draws("lcm", Json::object()) == 6);  // the last step ends at the picture itself
  CHECK(draws("tcd", Json::object()) == 6);  // as LCM
  CHECK(draws("tcd", {{"eta", 0}}) == 0);
  CHECK(draws("ddim", {{"eta", 0.5}}) == 7);
  CHECK(draws("euler_ancestral", Json::object()) == 7);
  CHECK(draws("euler", {{"s_churn", 1}}) == 7);
  CHECK(draws("dpm_solver_multistep", {{"algorithm_type", "sde-dpmsolver++"}}) == 7);
}

TEST_CASE("churn acts only within its bounds of sigma") {
  const NoiseModel model = stable_diffusion_noise();
  const auto scheduler = make_sampler("euler", {{"s_churn", 1}, {"s_tmin", 1}, {"s_tmax", 5}});
  const Plan plan = scheduler->plan(20, model);
  int within = 0;
  for (size_t i = 0; i < plan.steps(); ++i) within += plan.levels[i].sigma >= 1 && plan.levels[i].sigma <= 5;
  CountedNoise noise({1});
  scheduler->sample(some_denoiser, at::ones({1, 4, 2, 2}), plan, model, noise, ignore_step);
  CHECK(within > 0);
  CHECK(noise.draws == within);
}

TEST_CASE("PNDM and Heun call the network as often as their methods say") {
  const NoiseModel model = stable_diffusion_noise();
  const auto calls = [&](const std::string& id, const Json& options, int64_t steps) {
    const auto scheduler = make_sampler(id, options);
    int count = 0;
    SeededNoise noise({1});
    scheduler->sample(
        [&](const Tensor& x, const Level& level) {
          ++count;
          return some_denoiser(x, level);
        },
        at::ones({1, 4, 2, 2}), scheduler->plan(steps, model), model, noise, ignore_step);
    return count;
  };
  const Json plms = {{"skip_prk_steps", true}}, prk = {{"skip_prk_steps", false}};
  CHECK(calls("pndm", plms, 1) == 1);
  CHECK(calls("pndm", plms, 10) == 11);
  CHECK(calls("pndm", prk, 10) == 10 + 3 * 3);
  CHECK(calls("pndm", prk, 2) == 2 + 3);
  CHECK(calls("heun", Json::object(), 10) == 2 * 10 - 1);
  CHECK(calls("heun", Json::object(), 1) == 1);
}

}  // namespace
}  // namespace alice::test
