// Spacings by name, against numbers that were computed from the references' formulas with Stable Diffusion's levels
// (least 0.0291672, largest 14.6146412), five steps.

#include "core/math/run_spacing.h"

#include "tests/schedulers/samplers.h"
#include "tests/support/catch.h"

namespace alice::test {
namespace {

std::vector<double> sigmas_of(const Json& options, int64_t steps, const std::string& id = "euler_ancestral") {
  std::vector<double> sigmas;
  for (const Level& level : make_sampler(id, options)->plan(steps, stable_diffusion_noise()).levels)
    sigmas.push_back(level.sigma / level.alpha);
  return sigmas;
}

void check_near(const std::vector<double>& found, const std::vector<double>& wanted) {
  REQUIRE(found.size() == wanted.size());
  for (size_t i = 0; i < wanted.size(); ++i) CHECK(found[i] == Approx(wanted[i]).epsilon(2e-5));
}

const std::vector<std::pair<std::string, std::vector<double>>>& rows() {
  static const std::vector<std::pair<std::string, std::vector<double>>> all = {
      {"karras", {14.614641, 4.796535, 1.274100, .247950, .029167, 0}},
      {"exponential", {14.614641, 3.088977, .652892, .137996, .029167, 0}},
      {"polyexponential", {14.614641, 3.088977, .652892, .137996, .029167, 0}},
      {"normal", {14.614641, 4.086081, 1.615580, .695150, .029167, 0}},
      {"uniform", {14.614641, 4.086081, 1.615580, .695150, .029167, 0}},
      {"sgm_uniform", {14.614641, 5.092408, 2.279730, 1.162865, .571189, 0}},
      {"simple", {14.614641, 5.087763, 2.276463, 1.160578, .569285, 0}},
      {"ddim_uniform", {5.134431, 2.292854, 1.168216, .574050, .041314, 0}},
      {"beta", {14.614641, 7.371844, 2.615236, 1.027329, .395510, 0}},
      {"beta_a1111", {14.614641, 12.052260, 7.321904, 2.591549, .029167, 0}},
      {"linear_quadratic",
       {14.614641, .9875 * 14.614641, .975 * 14.614641, .858333 * 14.614641, .533333 * 14.614641, 0}},
      {"kl_optimal", {14.614641, 2.142741, .961588, .419836, .029167, 0}},
      {"kl_optimal_a1111", {14.614641, 2.632888, 1.294767, .711627, .335637, .029167}},
      {"align_your_steps", {14.615, 3.226936, 1.396, .510047, .029, 0}},
      {"align_your_steps_comfyui", {14.614641, 3.863675, 1.884192, .964258, .397746, 0}},
      {"gits", {14.61464119, 2.84484982, 1.24153244, .59516323, .25053367, 0}}};
  return all;
}

TEST_CASE("each spacing is its reference's, whichever sampler asks for it") {
  for (const auto& [name, wanted] : rows())
    for (const char* id : {"euler_ancestral", "euler", "heun", "lms", "dpm2", "dpmpp_3m_sde", "dpm_solver_multistep"}) {
      INFO(name << " " << id);
      check_near(sigmas_of({{"spacing", name}}, 5, id), wanted);
    }
}

TEST_CASE("longer runs of spacings are their references'") {
  check_near(sigmas_of({{"spacing", "karras"}}, 10),
             {14.614641, 9.102928, 5.478392, 3.168603, 1.749417, .914072, .446918, .201398, .081910, .029167, 0});
  check_near(sigmas_of({{"spacing", "normal"}}, 10),
             {14.614641, 7.839883, 4.609174, 2.918307, 1.950161, 1.344928, .932358, .624977, .368658, .029167, 0});
  check_near(sigmas_of({{"spacing", "gits"}}, 10), {14.61464119, 5.85520077, 2.84484982, 1.67050016, 1.08895338,
                                                    .74807048, .50118381, .32104823, .19894916, .09824532, 0});
  check_near(sigmas_of({{"spacing", "align_your_steps_xl"}}, 11),
             {14.615, 6.315, 3.771, 2.181, 1.342, .862, .555, .380, .234, .113, .029, 0});
  check_near(sigmas_of({{"spacing", "turbo"}}, 1), {14.614641, 0});
}

TEST_CASE("every spacing falls with any number of steps, or says that it cannot make so many") {
  const NoiseModel model = stable_diffusion_noise();
  for (const auto& [name, values] : run_spacing_names())
    for (const int64_t steps : {1, 2, 3, 6, 7, 10, 20, 21, 50, 137, 999, 1000}) {
      INFO(name << " " << steps);
      Plan plan;
      try {
        plan = make_sampler("euler", {{"spacing", name}})->plan(steps, model);
      } catch (const Error& error) {
        CHECK_THAT(error.what(), Catch::Contains("/steps"));
        CHECK(steps > 10);
        continue;
      }
      REQUIRE(plan.steps() == static_cast<size_t>(steps));
      for (size_t i = 1; i < plan.levels.size(); ++i) CHECK(plan.levels[i].sigma < plan.levels[i - 1].sigma);
    }
}

TEST_CASE("spacings work for flow matching, but for those whose levels were found for another model") {
  NoiseModelOptions options;
  options.prediction_type = Prediction::flow, options.shift = 3;
  const NoiseModel model(options);
  for (const auto& [name, value] : run_spacing_names()) {
    INFO(name);
    const auto scheduler = make_sampler("euler", {{"spacing", name}});
    if (name.rfind("align", 0) == 0 || name == "gits") {
      CHECK_THROWS_WITH(scheduler->plan(8, model), Catch::Contains("Stable Diffusion"));
      continue;
    }
    const Plan plan = scheduler->plan(8, model);
    CHECK(plan.levels.front().sigma <= 1);
    CHECK(plan.levels.front().sigma > 0.8);
    for (size_t i = 1; i < plan.levels.size(); ++i) CHECK(plan.levels[i].sigma < plan.levels[i - 1].sigma);
  }
}

TEST_CASE("one sigma more may be spread, and the last but one left out") {
  const std::vector<double> six = sigmas_of({{"spacing", "karras"}}, 6);
  check_near(sigmas_of({{"spacing", "karras"}, {"discard_next_to_last_sigma", true}}, 5),
             {six[0], six[1], six[2], six[3], six[4], 0});
}

TEST_CASE("a list of one's own is taken as it is, and must be as long as the run") {
  check_near(sigmas_of({{"sigmas", {14, 3, 1}}}, 3), {14, 3, 1, 0});
  check_near(sigmas_of({{"sigmas", {14, 3, 1, 0.5}}}, 3), {14, 3, 1, 0.5});
  check_near(sigmas_of({{"timesteps", {999, 500, 1}}}, 3), {14.614646, 1.618280, 0.041314, 0});
  const auto told = make_sampler("euler", {{"timesteps", {999, 500, 1}}})->plan(3, stable_diffusion_noise());
  CHECK(told.levels[1].t == 500);
  CHECK_THROWS_WITH(sigmas_of({{"sigmas", {14, 3, 1}}}, 5), Catch::Contains("/steps") && Catch::Contains("3"));
  CHECK_THROWS_WITH(sigmas_of({{"timesteps", {1000, 3}}}, 2), Catch::Contains("timesteps"));
  CHECK_THROWS_WITH(sigmas_of({{"sigmas", {1, 3}}}, 2), Catch::Contains("options/sigmas"));
  CHECK_THROWS_WITH(sigmas_of({{"sigmas", {3, 1}}, {"spacing", "karras"}}, 2), Catch::Contains("excludes"));
  CHECK_THROWS_WITH(sigmas_of({{"spacing_rho", 3}}, 2), Catch::Contains("options/spacing_rho"));
}

}  // namespace
}  // namespace alice::test
