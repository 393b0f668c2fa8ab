#pragma once
// What was measured of one stage of a picture: as a whole, and of each kind of its layers.

#include <array>
#include <cstdint>
#include <map>
#include <string>

#include "core/base/json.h"

namespace alice::bench {

/// All calls of one kind of layer.
struct LayerAccount {
  int64_t calls = 0;
  double operations = 0;
  double seconds = 0;  ///< on the clock
};
using LayerAccounts = std::map<std::string, LayerAccount>;

/// The stages of a picture: two prompts are encoded, the network is asked once with guidance, a picture is decoded.
enum class Stage { text, step, vae };
inline constexpr std::array kStages = {Stage::text, Stage::step, Stage::vae};

/// "text", "step", "vae".
const char* name_of(Stage stage);
/// Throws Error(internal) for any other word.
Stage stage_named(const std::string& name);

/// One run of a stage. The layers are a part of its time.
struct StageRun {
  double seconds = 0;      ///< on the clock
  double cpu_seconds = 0;  ///< of all threads; to some milliseconds, which is why layers have none
  LayerAccounts layers;

  /// Of all layers.
  double operations() const;
};

/// For the way from one process to another; stage_run_of() throws nlohmann's exceptions for what to_json() did not
/// write.
Json to_json(const StageRun& run);
StageRun stage_run_of(const Json& json);

}  // namespace alice::bench
