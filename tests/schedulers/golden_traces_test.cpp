// Every case of the reference's schedulers that the plugins cover, call by call.

#include "core/base/json.h"
#include "core/io/safetensors_file.h"
#include "server/worker/compat/scheduler_trace.h"
#include "tests/schedulers/samplers.h"
#include "tests/support/catch.h"

namespace alice::test {
namespace {

constexpr double kTolerance = 1e-5;  // largest difference over largest value, per tensor

struct Golden {
  explicit Golden(const std::string& set = "goldens")
      : cases(read_json_file(folder_of(set) + "cases.json")),
        tensors(SafetensorsFile::open(folder_of(set) + "traces.safetensors")) {}
  static std::string folder_of(const std::string& set) { return ALICE_TEST_DATA "/" + set + "/schedulers/"; }

  Json cases;
  std::shared_ptr<const SafetensorsFile> tensors;

  SchedulerInputs inputs() const {
    return {cases.at("A").get<double>(), tensors->tensor("x0"), tensors->tensor("n0"), tensors->tensor("b"),
            tensors->tensor("bank")};
  }
  GoldenTrace trace(const std::string& id) const {
    const auto tensor = [&](const char* name) {
      return tensors->index().contains(id + "/" + name) ? tensors->tensor(id + "/" + name) : Tensor();
    };
    return {tensor("first"), tensor("in"), tensor("add_noise"), tensor("out")};
  }
  /// Those of classes that a plugin claims.
  std::vector<SchedulerCase> covered_cases() const {
    std::vector<SchedulerCase> covered;
    for (const Json& object : cases.at("cases")) {
      SchedulerCase test = read_scheduler_case(object, "cases.json");
      if (const SchedulerFactory* factory = factory_for_class(test.class_name)) {
        test.take_meaning_of_class(*factory);
        covered.push_back(std::move(test));
      }
    }
    return covered;
  }
};

SchedulerTrace run(const SchedulerCase& test, const SchedulerInputs& inputs) {
  // A golden's config is a model's own file: it carries what every class has and this one does not use.
  const auto scheduler = factory_for_class(test.class_name)
                             ->create({{test.sampler_options(), UnknownKeys::pass_over, json_places(test.id)}});
  return run_scheduler_case(*scheduler, test.noise_model(), test, inputs);
}

TEST_CASE("every scheduler case of the goldens comes out as the reference's, call by call") {
  const auto [set, least] =
      GENERATE(table<std::string, size_t>({{"goldens", 190}, {"goldens2", 24}, {"goldens_options", 154}}));
  const Golden golden(set);
  const std::vector<SchedulerCase> cases = golden.covered_cases();
  CHECK(cases.size() >= least);
  for (const SchedulerCase& test : cases) {
    const auto differences = compare_scheduler_trace(run(test, golden.inputs()), test, golden.trace(test.id));
    for (const TraceDifference& found : differences) {
      INFO(test.id << " " << test.class_name << " " << dump_json(test.config) << " " << found.name);
      CHECK(found.difference <= kTolerance);
    }
  }
}

TEST_CASE("a trace that differs in one number of one tensor is seen") {
  const Golden golden;
  const SchedulerCase test = golden.covered_cases().front();
  const SchedulerTrace trace = run(test, golden.inputs());
  const auto worst_with = [&](Tensor GoldenTrace::*tensor) {
    GoldenTrace spoilt = golden.trace(test.id);
    spoilt.*tensor = (spoilt.*tensor).clone();
    (spoilt.*tensor).flatten()[-1] += 0.01;
    double worst = 0;
    for (const TraceDifference& found : compare_scheduler_trace(trace, test, spoilt))
      worst = std::max(worst, found.difference);
    return worst;
  };
  CHECK(worst_with(&GoldenTrace::first) > kTolerance);
  CHECK(worst_with(&GoldenTrace::in) > kTolerance);
  CHECK(worst_with(&GoldenTrace::out) > kTolerance);
  CHECK(worst_with(&GoldenTrace::add_noise) > kTolerance);
}

TEST_CASE("UniPC stays finite where the reference does not") {
  const Golden golden;
  REQUIRE(golden.cases.at("refused_by_diffusers").size() == 3);
  for (const Json& refused : golden.cases.at("refused_by_diffusers")) {
    Json object = refused;
    object["id"] = "refused", object["timesteps"] = {901};
    const SchedulerTrace trace = run(read_scheduler_case(object, "cases.json"), golden.inputs());
    INFO(dump_json(refused));
    CHECK(trace.in.isfinite().all().item<bool>());
    CHECK(trace.out.isfinite().all().item<bool>());
  }
}

TEST_CASE("a case with missing or wrong members is an error that names them") {
  const Json good = Golden().cases.at("cases").at(0);
  for (const char* name : {"id", "cls", "n", "timesteps", "config", "step"}) {
    Json without = good, wrong = good;
    without.erase(name);
    wrong[name] = Json::array({Json::array()});
    INFO(name);
    CHECK_THROWS_WITH(read_scheduler_case(without, "cases.json"), Catch::Contains(name));
    CHECK_THROWS_WITH(read_scheduler_case(wrong, "cases.json"), Catch::Contains(name));
  }
}

}  // namespace
}  // namespace alice::test
