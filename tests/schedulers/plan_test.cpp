// Plans: the levels that a run visits.

#include "core/math/sampler_options.h"
#include "tests/schedulers/samplers.h"
#include "tests/support/catch.h"

namespace alice::test {
namespace {

bool falls(const Plan& plan) {
  for (size_t i = 1; i < plan.levels.size(); ++i) {
    const Level &before = plan.levels[i - 1], &level = plan.levels[i];
    const double noise = level.sigma * before.alpha, noise_before = before.sigma * level.alpha;
    const bool may_stay = i + 1 == plan.levels.size() && level.sigma > 0;  // where a run ends at the least noise
    if (!(noise < noise_before || (may_stay && noise == noise_before))) return false;
    if (i + 1 < plan.levels.size() && level.t > before.t) return false;
  }
  return true;
}

TEST_CASE("plans fall, for any spacing and any number of steps up to all of the training's") {
  const NoiseModel model = stable_diffusion_noise();
  for (const std::string& id : sampler_ids_with("timestep_spacing"))
    for (const char* spacing : {"linspace", "leading", "trailing"})
      for (const int offset : {0, 1, 7})
        for (const int64_t steps : {1, 2, 3, 7, 20, 48, 333, 501, 999, 1000}) {
          Json options = {{"timestep_spacing", spacing}, {"steps_offset", offset}};
          if (id == "ddim" || id == "pndm") options["set_alpha_to_one"] = true;
          const Plan plan = make_sampler(id, options)->plan(steps, model);
          INFO(id << " " << spacing << " " << offset << " " << steps);
          CHECK(plan.steps() == static_cast<size_t>(steps));
          CHECK(plan.first_step == 0);
          CHECK(falls(plan));
          CHECK(plan.levels.front().t <= 999);
          CHECK(plan.levels[plan.steps() - 1].t >= 0);
        }
}

TEST_CASE("plans fall with every spacing of the noise levels") {
  const NoiseModel model = stable_diffusion_noise();
  for (const std::string id : {"euler", "heun", "dpm_solver_multistep", "unipc"})
    for (const std::string option :
         {"use_karras_sigmas", "use_exponential_sigmas", "use_beta_sigmas", "use_lu_lambdas"}) {
      if (option == "use_lu_lambdas" && id != "dpm_solver_multistep") continue;
      for (const int64_t steps : {1, 2, 3, 20, 1000}) {
        INFO(id << " " << option << " " << steps);
        CHECK(falls(make_sampler(id, {{option, true}})->plan(steps, model)));
      }
    }
}

TEST_CASE("no steps, and more steps than the training had, are errors that say what is allowed") {
  const NoiseModel model = stable_diffusion_noise();
  for (const std::string& id : sampler_ids())
    for (const int64_t steps : {int64_t{-1}, int64_t{0}, int64_t{1001}, int64_t{1} << 40}) {
      INFO(id << " " << steps);
      const bool is_distilled = id == "lcm" || id == "tcd";
      const Json options = is_distilled ? Json{{"original_inference_steps", 1000}} : Json::object();
      CHECK_THROWS_WITH(make_sampler(id, options)->plan(steps, model),
                        Catch::Contains("/steps") && Catch::Contains("1 to 1000"));
    }
}

TEST_CASE("a clipped lambda leaves the noisiest training steps out, for every spacing") {
  NoiseModelOptions options;
  options.beta_schedule = BetaSchedule::squaredcos_cap_v2;
  const NoiseModel model(options);
  for (const char* spacing : {"linspace", "leading", "trailing"}) {
    const auto clipped =
        make_sampler("dpm_solver_multistep", {{"lambda_min_clipped", -2}, {"timestep_spacing", spacing}});
    const Plan plan = clipped->plan(10, model);
    const Level& first = plan.levels.front();
    CHECK(plan.steps() == 10);
    CHECK(std::log(first.alpha / first.sigma) >= -2);
    CHECK(falls(plan));
  }
  CHECK_THROWS_WITH(make_sampler("dpm_solver_multistep", {{"lambda_min_clipped", 4}})->plan(100, model),
                    Catch::Contains("/steps"));
}

TEST_CASE("a run can start later, but not after its last step") {
  const NoiseModel model = stable_diffusion_noise();
  for (const std::string& id : sampler_ids()) {
    const Plan plan = make_sampler(id)->plan(10, model);
    const Plan rest = plan.from(4);
    CHECK(rest.steps() == 6);
    CHECK(rest.first_step == 4);
    CHECK(rest.levels.front().sigma == plan.levels[4].sigma);
    CHECK_THROWS_AS(plan.from(10), Error);
  }
}

TEST_CASE(
    "with a zero terminal SNR a run from the last training step works or is refused, but makes no numbers that are not "
    "finite") {
  for (const Prediction prediction : {Prediction::epsilon, Prediction::v_prediction}) {
    NoiseModelOptions options;
    options.rescale_betas_zero_snr = true, options.prediction_type = prediction;
    const NoiseModel model(options);
    for (const std::string& id : sampler_ids_with("timestep_spacing")) {
      const auto scheduler = make_sampler(id, {{"timestep_spacing", "trailing"}});
      INFO(id);
      if (id == "pndm" || ((id == "ddim" || id == "ddpm") && prediction == Prediction::epsilon)) {
        CHECK_THROWS_WITH(scheduler->plan(5, model), Catch::Contains("zero terminal SNR"));
        continue;
      }
      const Plan plan = scheduler->plan(5, model);
      SeededNoise noise({1});
      const Tensor start = noise.normal({4, 2, 2}) * plan.init_noise_sigma;
      const Tensor end = scheduler->sample([](const Tensor& x, const Level& level) { return x * (level.alpha / 2); },
                                           start, plan, model, noise, ignore_step);
      CHECK(end.isfinite().all().item<bool>());
    }
  }
}

TEST_CASE("sigma_min and sigma_max that leave no range are errors") {
  const NoiseModel model = stable_diffusion_noise();
  for (const char* id : {"euler", "unipc"}) {
    CHECK_THROWS_WITH(make_sampler(id, {{"sigma_min", 2}, {"sigma_max", 1}}), Catch::Contains("options/sigma_min"));
    const auto above_all = make_sampler(id, {{"use_karras_sigmas", true}, {"sigma_min", 1000}});
    CHECK_THROWS_WITH(above_all->plan(10, model), Catch::Contains("sigma_min"));
  }
}

TEST_CASE("log-linear interpolation visits sigmas in equal ratios from the largest to the least of the training") {
  const NoiseModel model = stable_diffusion_noise();
  const Plan plan = make_sampler("euler", {{"interpolation_type", "log_linear"}})->plan(10, model);
  CHECK(plan.levels.front().sigma == Approx(model.sigmas().back()));
  CHECK(plan.levels.back().sigma == Approx(model.sigmas().front()));
  const double ratio = plan.levels[1].sigma / plan.levels[0].sigma;
  for (size_t i = 1; i < plan.levels.size(); ++i)
    CHECK(plan.levels[i].sigma / plan.levels[i - 1].sigma == Approx(ratio));
}

TEST_CASE("a noise level's time is where the training had that level") {
  const SigmaTable table(stable_diffusion_noise());
  for (const double t : {0.0, 1.0, 10.5, 500.0, 998.0, 999.0})
    CHECK(table.time_of(table.sigma_at(t)) == Approx(t).margin(0.02));
  CHECK(table.time_of(0) == 0);
  CHECK(table.time_of(1e9) == 999);
}

TEST_CASE("LCM and TCD visit the times of their distillation, and refuse more steps than that has") {
  const std::string id = GENERATE("lcm", "tcd");
  const NoiseModel model = stable_diffusion_noise();
  const auto times = [&](const Json& options, int64_t steps) {
    std::vector<double> visited;
    for (const Level& level : make_sampler(id, options)->plan(steps, model).levels) visited.push_back(level.t);
    visited.pop_back();  // the end's is of no use
    return visited;
  };
  CHECK(times({{"original_inference_steps", 4}}, 4) == std::vector<double>{999, 749, 499, 249});
  CHECK(times({{"original_inference_steps", 4}, {"strength", 0.5}}, 2) == std::vector<double>{499, 249});
  CHECK(times({{"original_inference_steps", 4}}, 1) == std::vector<double>{999});
  CHECK_THROWS_WITH(times(Json::object(), 51), Catch::Contains("/steps: must be 1 to 50"));
  CHECK_THROWS_WITH(times({{"strength", 0.5}}, 26), Catch::Contains("/steps: must be 1 to 25"));
  CHECK_THROWS_WITH(times({{"original_inference_steps", 1001}}, 4), Catch::Contains("1000 training steps"));

  NoiseModelOptions zero_snr;
  zero_snr.rescale_betas_zero_snr = true;
  CHECK_THROWS_WITH(make_sampler(id)->plan(4, NoiseModel(zero_snr)), Catch::Contains("zero terminal SNR"));
}

TEST_CASE("TCD spreads over all training steps where no distillation is named, and ends with the noise of the first") {
  const NoiseModel model = stable_diffusion_noise();
  const Plan plan = make_sampler("tcd", {{"original_inference_steps", nullptr}})->plan(1000, model);
  for (size_t i = 0; i < 1000; ++i) CHECK(plan.levels[i].t == 999 - static_cast<double>(i));
  CHECK(plan.levels.back().alpha == Approx(std::sqrt(model.alphas_cumprod().front())));
}

}  // namespace
}  // namespace alice::test
