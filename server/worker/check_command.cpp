#include <iostream>

#include "core/base/one_line.h"
#include "server/worker/check/config_checks.h"
#include "server/worker/check/model_checks.h"
#include "server/worker/commands.h"
#include "server/worker/compat/compat.h"

namespace alice {
namespace {

int give(const Report& report, const CommandLine& line, const Json& facts = nullptr) {
  if (line.json) {
    Json out = report.to_json();
    if (!facts.is_null()) out["facts"] = facts;
    std::cout << on_lines(dump_json(out, 2)) << "\n";
  } else {
    std::cout << facts_text(facts) << report.to_text();
  }
  return report.good() ? kExitOk : kExitFailed;
}

/// Every group loads what its workers would.
std::vector<CheckedGroup> checked_groups(const Config& config) {
  std::vector<WorkerGroupConfig> groups = {default_group(config.server)};
  for (const auto& [name, group] : config.server.groups)
    if (name != kDefaultGroup) groups.push_back(group);
  std::vector<CheckedGroup> checked;
  for (WorkerGroupConfig& group : groups) {
    std::vector<PlacedPath> plugins = config.host.plugins;
    plugins.insert(plugins.end(), group.plugins.begin(), group.plugins.end());
    const auto registry = std::make_shared<const Registry>(plugins);
    checked.push_back({std::move(group), registry, std::make_unique<Composer>(config.host, registry)});
  }
  return checked;
}

int give_config(const Report& report, const Config& config, bool json) {
  if (json) {
    Json out = report.to_json(), warnings = Json::array();
    for (const Fault& warning : config.warnings)
      warnings.push_back({{"place", warning.place}, {"sentence", warning.sentence}});
    out["warnings"] = warnings;
    out["files"] = config.sources;
    std::cout << on_lines(dump_json(out, 2)) << "\n";
  } else {
    for (const std::string& source : config.sources) std::cout << "read    " << on_one_line(source) << "\n";
    for (const Fault& warning : config.warnings)
      std::cout << "warning " << on_one_line(warning.place + ": " + warning.sentence) << "\n";
    std::cout << report.to_text();
  }
  return report.good() ? kExitOk : kExitConfig;
}

}  // namespace

int run_check_config(const ConfigSources& sources, const CommandLine& line) {
  std::vector<Fault> faults;
  const Config config = read_config(sources, faults);
  return give_config(check_config(checked_groups(config), config, faults), config, line.json);
}

int run_check(Composer& composer, const CommandLine& line) {
  Json facts;
  switch (line.command) {
    case Command::check_model: {
      const Report report = check_model(composer, line.target, facts);
      if (facts.is_object())  // else nothing could be read of it
        for (const Json& warning : facts.value("warnings", Json::array()))
          std::cerr << "warning: " << warning.value("place", "") << ": " << warning.value("sentence", "") << "\n";
      return give(report, line, facts);
    }
    case Command::check_load: return give(check_load(composer, line.target), line);
    case Command::check_infer: return give(check_infer(composer, line.target), line);
    case Command::check_compat: return give(check_compat(composer, line.target, line.out), line);
    default: throw Error(ErrorCode::internal, "check", "is no check");
  }
}

}  // namespace alice
