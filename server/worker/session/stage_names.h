#pragma once
// What the link calls a job's stages (JobProgress::stage).

#include "core/host/pipeline.h"

namespace alice {

inline constexpr const char* kLoadStage = "load";  ///< before the pipeline is there

constexpr const char* name_of(Progress::Stage stage) {
  switch (stage) {
    case Progress::Stage::encode: return "encode";
    case Progress::Stage::denoise: return "denoise";
    case Progress::Stage::decode: return "decode";
  }
  return kLoadStage;
}

}  // namespace alice
