#include <filesystem>
#include <iostream>

#include "core/base/atomic_file.h"
#include "server/worker/bench/figures.h"
#include "server/worker/bench/table.h"
#include "server/worker/commands.h"

namespace alice {
namespace {

using bench::SubjectFacts;
using bench::SubjectOrder;

/// A subject whose configuration can be read. Throws as load_config().
SubjectOrder order_of(const CommandLine& line, const std::string& config_file, const std::string& backend) {
  ConfigSources sources = ConfigSources::of_process();
  sources.config_file = config_file;
  sources.models_directory = line.models_directory;
  sources.backend = backend;
  load_config(sources);
  return {line.target, backend, config_file, line.models_directory, line.bench.size};
}

/// A backend's name, or else a configuration's file, whose usual backend is meant.
SubjectOrder order_against(const CommandLine& line, const Config& config) {
  const std::string& against = line.bench.against;
  const bool is_file = config.host.backends.count(against) == 0 && std::filesystem::is_regular_file(against);
  return is_file ? order_of(line, against, "") : order_of(line, line.config_file, against);
}

std::vector<SubjectOrder> orders_of(const CommandLine& line, const Config& config) {
  std::vector<SubjectOrder> orders;
  for (const std::string& backend : line.bench.backends) orders.push_back(order_of(line, line.config_file, backend));
  if (orders.empty()) orders.push_back(order_of(line, line.config_file, ""));
  if (!line.bench.against.empty()) orders.push_back(order_against(line, config));
  return orders;
}

/// Loads the subjects. Of several backends those that this machine cannot run are left out: {name: why}.
Json add_subjects(bench::BenchRun& run, const std::vector<SubjectOrder>& orders, bool is_comparison,
                  std::vector<SubjectFacts>& added) {
  Json left_out = Json::object();
  for (const SubjectOrder& order : orders) {
    try {
      added.push_back(run.add(order));
    } catch (const Error& e) {
      const bool is_last_hope = added.empty() && &order == &orders.back();
      if (e.code() != ErrorCode::unsupported || is_comparison || is_last_hope) throw;
      left_out[order.backend] = e.what();
    }
  }
  return left_out;
}

void check_subjects(const std::vector<SubjectFacts>& subjects, bool is_comparison) {
  for (size_t k = 1; k < subjects.size(); ++k) {
    if (subjects[k].size != subjects[0].size)
      throw Error(ErrorCode::bad_request, "--size",
                  "must be said: the model is native to " + std::to_string(subjects[0].size) + " pixels in one " +
                      "configuration and to " + std::to_string(subjects[k].size) + " in the other");
    for (size_t j = 0; j < k && !is_comparison; ++j)
      if (subjects[j].precision == subjects[k].precision)
        throw Error(ErrorCode::bad_request, "--backend",
                    "'" + subjects[j].backend + "' and '" + subjects[k].backend + "' both compute in " +
                        subjects[k].precision + ": compare them with --against");
  }
}

void write(const Json& report, const std::string& json_file) {
  if (json_file == "-") {
    std::cout << dump_json(report, 2) << "\n";
    return;
  }
  std::cout << bench::table_of(report) << std::flush;
  if (json_file.empty()) return;
  AtomicFile out(json_file);
  out.write(dump_json(report, 2) + "\n");
  out.commit();
}

}  // namespace

int run_bench(const Config& config, const CommandLine& line) {
  const bool is_comparison = !line.bench.against.empty();
  const std::vector<SubjectOrder> orders = orders_of(line, config);
  ProgressDisplay display;
  bench::BenchRun run(display);
  std::vector<SubjectFacts> subjects;
  const Json left_out = add_subjects(run, orders, is_comparison, subjects);
  check_subjects(subjects, is_comparison);
  const bench::BenchResult result = run.measure(line.bench.rounds);
  write(report_of(result, {ALICE_VERSION, bench::processor_name(), is_comparison, left_out}), line.bench.json_file);
  return kExitOk;
}

int run_bench_subject(Composer& composer, const CommandLine& line) {
  bench::serve_subject(composer, {line.target, line.backend, line.config_file, line.models_directory, line.bench.size});
  return kExitOk;
}

}  // namespace alice
