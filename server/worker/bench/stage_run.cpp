#include "server/worker/bench/stage_run.h"

namespace alice::bench {

const char* name_of(Stage stage) {
  switch (stage) {
    case Stage::text: return "text";
    case Stage::step: return "step";
    case Stage::vae: return "vae";
  }
  return "";
}

Stage stage_named(const std::string& name) {
  for (const Stage stage : kStages)
    if (name == name_of(stage)) return stage;
  throw Error(ErrorCode::internal, "bench", "there is no stage '" + name + "'");
}

double StageRun::operations() const {
  double sum = 0;
  for (const auto& [kind, account] : layers) sum += account.operations;
  return sum;
}

Json to_json(const StageRun& run) {
  Json layers = Json::object();
  for (const auto& [kind, account] : run.layers) layers[kind] = {account.calls, account.operations, account.seconds};
  return {{"seconds", run.seconds}, {"cpu_seconds", run.cpu_seconds}, {"layers", layers}};
}

StageRun stage_run_of(const Json& json) {
  StageRun run{json.at("seconds"), json.at("cpu_seconds"), {}};
  for (const auto& [kind, account] : json.at("layers").items())
    run.layers[kind] = {account.at(0), account.at(1), account.at(2)};
  return run;
}

}  // namespace alice::bench
