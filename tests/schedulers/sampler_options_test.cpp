// The samplers' options, names and aliases.

#include "core/math/sampler_options.h"

#include <algorithm>
#include <set>

#include "core/api/class_options.h"

#include "tests/schedulers/samplers.h"
#include "tests/support/catch.h"

namespace alice::test {
namespace {

const std::set<std::string> kMustStayDefault = {"solver_p", "noise_sampler_seed", "tau_func"};

/// `options`, with what they exclude or need besides.
Json made_consistent(const SchedulerFactory& factory, const std::string& name, const Json& value) {
  Json options = {{name, value}};
  const std::vector<OptionSpec>& specs = factory.info().options;
  const bool has_end =
      std::any_of(specs.begin(), specs.end(), [](const OptionSpec& spec) { return spec.name == "final_sigmas_type"; });
  if (has_end && name == "algorithm_type" && (value == "dpmsolver" || value == "sde-dpmsolver"))
    options["final_sigmas_type"] = "sigma_min";
  if (name == "spacing_rho" || name == "discard_next_to_last_sigma") options["spacing"] = "karras";
  if (name == "predict_x0") options["thresholding"] = false;
  return options;
}

std::string in_lower_case(std::string text) {
  for (char& letter : text) letter = static_cast<char>(std::tolower(static_cast<unsigned char>(letter)));
  return text;
}

Json wrapped(const OptionSpec& spec, const Json& value) { return spec.is_list ? Json::array({value}) : value; }

TEST_CASE("every option accepts its default, and its range's edges and no more") {
  for (const SchedulerFactory* factory : sampler_factories())
    for (const OptionSpec& spec : factory->info().options) {
      INFO(factory->info().id << " " << spec.name);
      CHECK_NOTHROW(make_sampler(*factory, {{spec.name, spec.default_value}}));
      if (kMustStayDefault.count(spec.name) != 0) continue;
      if (spec.type == OptionType::integer || spec.type == OptionType::number) {
        for (const double edge : {spec.range.minimum, spec.range.maximum}) {
          if (!std::isfinite(edge)) continue;
          const double beyond = edge == spec.range.minimum ? edge - 1 : edge + 1;
          CHECK_NOTHROW(make_sampler(*factory, made_consistent(*factory, spec.name, wrapped(spec, edge))));
          CHECK_THROWS_WITH(make_sampler(*factory, {{spec.name, wrapped(spec, beyond)}}),
                            Catch::Contains("options/" + spec.name));
        }
        CHECK_THROWS_AS(make_sampler(*factory, {{spec.name, wrapped(spec, "NaN")}}), Error);
      }
      for (const std::string& choice : spec.choices)
        if (choice.rfind("learned", 0) != 0)
          CHECK_NOTHROW(make_sampler(*factory, made_consistent(*factory, spec.name, choice)));
      if (spec.type == OptionType::boolean)
        for (const bool value : {true, false})
          CHECK_NOTHROW(make_sampler(*factory, made_consistent(*factory, spec.name, value)));
      CHECK_THROWS_WITH(make_sampler(*factory, {{spec.name, Json::object()}}), Catch::Contains("options/" + spec.name));
    }
}

TEST_CASE("an option that nobody knows is an error with the nearest name") {
  for (const SchedulerFactory* factory : sampler_factories()) {
    if (factory->info().options.empty()) continue;
    const std::string name = factory->info().options.front().name;
    CHECK_THROWS_WITH(make_sampler(*factory, {{name + "x", 1}}), Catch::Contains("did you mean '" + name + "'"));
  }
}

TEST_CASE("what only other programs use is refused where it stands") {
  CHECK_THROWS_WITH(make_sampler("unipc", {{"solver_p", "heun"}}), Catch::Contains("options/solver_p"));
  CHECK_THROWS_WITH(make_sampler("dpm_solver_multistep", {{"variance_type", "learned"}}),
                    Catch::Contains("options/variance_type"));
}

TEST_CASE("options that exclude each other are errors") {
  const Json two = {{"use_karras_sigmas", true}, {"use_beta_sigmas", true}};
  for (const char* id : {"euler", "heun", "lms", "dpm_solver_multistep", "unipc"})
    CHECK_THROWS_WITH(make_sampler(id, two), Catch::Contains("excludes use_karras_sigmas"));
  const std::string id = "dpm_solver_multistep";
  CHECK_THROWS_WITH(make_sampler(id, {{"use_lu_lambdas", true}, {"use_karras_sigmas", true}}),
                    Catch::Contains("use_lu_lambdas"));
  CHECK_THROWS_WITH(make_sampler(id, {{"algorithm_type", "dpmsolver"}}), Catch::Contains("final_sigmas_type"));
  CHECK_THROWS_WITH(
      make_sampler(id, {{"algorithm_type", "sde-dpmsolver"}, {"final_sigmas_type", "sigma_min"}, {"solver_order", 3}}),
      Catch::Contains("solver_order"));
  CHECK_THROWS_WITH(make_sampler("unipc", {{"predict_x0", false}, {"thresholding", true}}),
                    Catch::Contains("thresholding"));
}

TEST_CASE("every fault of some options is reported at once") {
  CHECK_THROWS_WITH(make_sampler("euler", {{"s_churn", -1}, {"timestep_spacing", "leadin"}, {"s_nois", 1}}),
                    Catch::Contains("s_churn") && Catch::Contains("leading") && Catch::Contains("s_noise"));
}

TEST_CASE("each sampler reads every other class's scheduler_config.json") {
  // As models carry them: options of other classes, null for false, values that only another class knows.
  const Json file = {{"_class_name", "SomeOtherScheduler"},
                     {"_diffusers_version", "0.21.4"},
                     {"num_train_timesteps", 1000},
                     {"beta_start", 0.00085},
                     {"beta_end", 0.012},
                     {"beta_schedule", "scaled_linear"},
                     {"trained_betas", nullptr},
                     {"clip_sample", false},
                     {"set_alpha_to_one", false},
                     {"skip_prk_steps", true},
                     {"steps_offset", 1},
                     {"prediction_type", "epsilon"},
                     {"timestep_spacing", "leading"},
                     {"interpolation_type", "linear"},
                     {"use_karras_sigmas", nullptr},
                     {"sigma_min", nullptr},
                     {"sigma_max", nullptr},
                     {"variance_type", "fixed_small"},
                     {"algorithm_type", "deis"},
                     {"solver_type", "logrho"},
                     {"lambda_min_clipped", "-Infinity"},
                     {"disable_corrector", Json::array()},
                     {"solver_p", nullptr},
                     {"solver_order", 2}};
  for (const SchedulerFactory* factory : sampler_factories())
    for (const char* solver_type : {"logrho", "bh1", "bh2", "midpoint", "heun"}) {
      Json variant = file;
      variant["solver_type"] = solver_type;
      INFO(factory->info().id << " " << solver_type);
      CHECK_NOTHROW(factory->create({{variant, UnknownKeys::pass_over, json_places("scheduler_config.json")}}));
    }
}

TEST_CASE("a fault that lies between options stands where the option was said last") {
  const OptionLayers layers = {{{{"use_karras_sigmas", true}}, UnknownKeys::pass_over, json_places("model")},
                               {{{"use_beta_sigmas", true}}, UnknownKeys::fault, json_places("request")}};
  CHECK_THROWS_WITH(sampler_factory("euler").create(layers), Catch::Contains("request/use_beta_sigmas"));
}

TEST_CASE("ids, aliases and classes belong to one sampler each, and every alias's options work") {
  std::set<std::string> names, classes;
  for (const SchedulerFactory* factory : sampler_factories()) {
    CHECK(names.insert(in_lower_case(factory->info().id)).second);
    CHECK_FALSE(factory->info().help.empty());
    for (const std::string& name : factory->info().classes) CHECK(classes.insert(name).second);
    for (const Alias& alias : factory->info().aliases) {
      INFO(alias.name);
      CHECK(names.insert(in_lower_case(alias.name)).second);
      CHECK_NOTHROW(make_sampler(*factory, alias.options));
    }
  }
  CHECK(classes.size() == 24);  // DDIM, DDPM and Heun have two of the reference's, DPM-Solver too, Euler three
  for (const SchedulerFactory* factory : sampler_factories())
    for (const Alias& kin : factory->info().kin) {
      INFO(kin.name);
      CHECK(classes.insert(kin.name).second);
      CHECK_NOTHROW(make_sampler(*factory, kin.options));
    }
}

TEST_CASE("classes that stand for options are those of their factory") {
  for (const SchedulerFactory* factory : sampler_factories())
    if (const void* found = factory->extension(kClassOptions))
      for (const Alias& meaning : *static_cast<const std::vector<Alias>*>(found)) {
        const auto& classes = factory->info().classes;
        INFO(meaning.name);
        CHECK(std::find(classes.begin(), classes.end(), meaning.name) != classes.end());
        CHECK(options_of_class(*factory, meaning.name) == meaning.options);
      }
  const SchedulerFactory& euler = sampler_factory("euler");
  CHECK(options_of_class(euler, "EulerDiscreteScheduler").empty());
  CHECK(options_of_class(euler, "FlowMatchEulerDiscreteScheduler") == Json{{"prediction_type", "flow_prediction"}});
}

TEST_CASE("the names of other programs are known, letter case ignored") {
  std::set<std::string> names;
  for (const SchedulerFactory* factory : sampler_factories()) {
    names.insert(in_lower_case(factory->info().id));
    for (const Alias& alias : factory->info().aliases) names.insert(in_lower_case(alias.name));
  }
  for (const char* name : {"dpm++",        "dpm++_karras",
                           "dpm++_sde",    "dpm++_sde_karras",
                           "euler",        "euler_a",
                           "ddim",         "pndm",
                           "heun",         "unipc",
                           "DPM++ 2M",     "DPM++ 2M Karras",
                           "DPM++ 2M SDE", "DPM++ 2M SDE Karras",
                           "Euler",        "Euler a",
                           "Heun",         "DDIM",
                           "UniPC",        "PLMS",
                           "LCM",          "LMS",
                           "LMS Karras",   "k_lms",
                           "TCD",          "DPM2",
                           "DPM2 a",       "DPM++ 2S a",
                           "DPM++ SDE",    "DPM++ SDE Karras",
                           "DPM++ 3M SDE", "DPM++ 3M SDE Exponential",
                           "DPM fast",     "DPM adaptive",
                           "Restart",      "HeunPP2",
                           "IPNDM",        "IPNDM_V",
                           "DEIS",         "DPM++ 2M SDE Heun",
                           "dpm_2",        "dpm_2_ancestral",
                           "dpmpp_sde",    "dpmpp_2m_sde_heun_gpu",
                           "ddpm",         "er_sde",
                           "ipndm",        "res_multistep_ancestral",
                           "seeds_3",      "sa_solver_pece",
                           "uni_pc",       "gradient_estimation"}) {
    INFO(name);
    CHECK(names.count(in_lower_case(name)) == 1);
  }
}

}  // namespace
}  // namespace alice::test
