#include "core/api/scheduler.h"
#include "server/worker/compat/compat.h"
#include "server/worker/compat/scheduler_trace.h"

namespace alice {
namespace {

constexpr const char* kPart = "schedulers";
constexpr const char* kFile = "schedulers/traces.safetensors";

SchedulerTrace run_ours(const SchedulerFactory& factory, const SchedulerCase& test, const SchedulerInputs& inputs) {
  const std::string place = "schedulers/cases.json/" + test.id;
  const auto scheduler = factory.create({{test.sampler_options(), UnknownKeys::pass_over, json_places(place)}});
  return run_scheduler_case(*scheduler, test.noise_model(), test, inputs);
}

void keep_trace(Golden& golden, const std::string& id, const SchedulerTrace& trace) {
  golden.keep(kFile, id + "/first", trace.first);
  golden.keep(kFile, id + "/in", trace.in);
  golden.keep(kFile, id + "/out",
              trace.out.unsqueeze(0));  // the last one: what a sampler that owns its loop gives back
  if (trace.add_noise.defined()) golden.keep(kFile, id + "/add_noise", trace.add_noise);
}

}  // namespace

void check_schedulers(CompatRun& run, const GoldenTable& table) {
  const SafetensorsFile& file = run.golden.tensors(kFile);
  const Json& golden = table.json();
  const SchedulerInputs inputs = {golden.at("A").get<double>(), file.tensor("x0"), file.tensor("n0"), file.tensor("b"),
                                  file.tensor("bank")};
  for (const Json& one : table.cases()) {
    SchedulerCase test = read_scheduler_case(one, "schedulers/cases.json");
    run_case(run, kPart, test.id + " " + test.class_name, run.scope.schedulers.count(test.class_name),
             [&](CompatCase& check) {
               const SchedulerFactory* factory =
                   run.composer.registry().of<SchedulerFactory>().find_class(test.class_name);
               if (!factory) throw Skip{"no plugin implements " + test.class_name};
               test.take_meaning_of_class(*factory);
               const SchedulerTrace ours = run_ours(*factory, test, inputs);
               keep_trace(run.golden, test.id, ours);
               GoldenTrace theirs{
                   file.tensor(test.id + "/first"), file.tensor(test.id + "/in"), {}, file.tensor(test.id + "/out")};
               if (test.add_noise_index) theirs.add_noise = file.tensor(test.id + "/add_noise");
               for (const TraceDifference& difference : compare_scheduler_trace(ours, test, theirs))
                 check.measured(difference.name, difference.difference, kTraceTolerance);
             });
  }
}

}  // namespace alice
