#include <iostream>

#include "core/base/one_line.h"
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

/// The configuration itself was read, or refused, before. A plugin or model that cannot be had is no fault of it: it is
/// shown.
Report check_config(const Composer& composer, const Config& config) {
  Report report;
  for (const std::string& source : config.sources) report.pass("config", source);
  if (config.sources.empty()) report.pass("config", "built-in defaults");
  for (const PluginRecord& plugin : composer.registry().plugins()) {
    if (plugin.refused.empty())
      report.pass("plugin", plugin.file.string());
    else
      report.skip("plugin", plugin.file.string(), plugin.refused, false);
  }
  for (const ModelStatus& model : composer.models()) {
    if (model.unavailable.empty())
      report.pass("model", model.id);
    else
      report.skip("model", model.id, model.unavailable, false);
  }
  return report;
}

}  // namespace

int run_check(Composer& composer, const Config& config, const CommandLine& line) {
  Json facts;
  switch (line.command) {
    case Command::check_config: return give(check_config(composer, config), line);
    case Command::check_model: {
      const Report report = check_model(composer, line.target, facts);
      return give(report, line, facts);
    }
    case Command::check_load: return give(check_load(composer, line.target), line);
    case Command::check_infer: return give(check_infer(composer, line.target), line);
    case Command::check_compat: return give(check_compat(composer, line.target, line.out), line);
    default: throw Error(ErrorCode::internal, "check", "is no check");
  }
}

}  // namespace alice
