#include <iostream>
#include <random>

#include "core/base/atomic_file.h"
#include "sdk/check/runner.h"
#include "sdk/check/supervisor.h"
#include "server/program_folder.h"
#include "server/worker/commands.h"

namespace alice {
namespace {

constexpr size_t kMebibyte = size_t{1} << 20;

int list(const CommandLine& line) {
  std::cout << (line.json ? dump_json(check::catalogue_json(), 2) + "\n" : check::catalogue_text());
  return kExitOk;
}

/// Short enough to type again.
uint64_t drawn_seed() { return std::random_device{}() % 1000000; }

check::CheckOrder order_of(const CommandLine& line) {
  check::CheckOrder order;
  order.file = line.target;
  order.only = line.check.only;
  order.timeout = std::chrono::seconds(line.check.timeout_seconds);
  order.memory_mib = line.check.memory_mib;
  order.seed = line.check.seed ? static_cast<uint64_t>(*line.check.seed) : drawn_seed();
  order.neighbours = program_folder() / "plugins";
  order.given = {line.check.config_folder, line.check.lora_names, line.check.orders};
  return order;
}

void write_junit(const std::string& file, const check::CheckReport& report) {
  AtomicFile out(file);
  out.write(check::to_junit(report));
  out.commit();
}

}  // namespace

int run_plugin_check(const CommandLine& line) {
  if (line.check.list) return list(line);
  const check::CheckOrder order = order_of(line);
  check::check_order(order);
  if (!line.json) std::cout << order.file.string() << ", seed " << order.seed << std::endl;
  const check::CheckReport report = check::run_checks(order, [&](const check::Result& result) {
    if (!line.json) std::cout << check::line_of(result) << std::flush;
  });
  std::cout << (line.json ? dump_json(check::to_json(report), 2) + "\n" : check::summary_of(report));
  if (!line.check.junit.empty()) write_junit(line.check.junit, report);
  return report.good() ? kExitOk : kExitFailed;
}

int run_plugin_checks_in_child(const CommandLine& line) {
  return check::run_checks_in_child(line.target, static_cast<size_t>(line.check.memory_mib) * kMebibyte);
}

}  // namespace alice
