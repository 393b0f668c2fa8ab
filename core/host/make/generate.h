#pragma once
// The road from a prompt to pictures: encode, start, denoise, decode. It reads as a summary of Rombach et al. 2022;
// every stop is a plugin's.

#include <functional>
#include <string>
#include <vector>

#include "core/base/stage.h"
#include "core/host/make/decode.h"
#include "core/host/make/denoise.h"
#include "core/host/make/encode.h"
#include "core/host/make/pictures.h"
#include "core/host/make/start.h"

namespace alice {

/// Told while pictures [first_image, first_image + images) of a request are made: after each step, and when a stage
/// begins.
struct Progress {
  JobStage stage = JobStage::encode;
  int64_t first_image = 0, images = 0, all_images = 0;
  size_t done = 0, total = 0;  ///< steps
};

struct GeneratedImage {
  Tensor pixels;  ///< u8 [H, W, 3] on the CPU; with only_masked of the size of the picture it was made from
  int64_t index = 0;
  uint64_t seed = 0;
};

/// How much a batch holds: more pictures are made in several.
inline constexpr int64_t kLargestBatch = 4;

/// What generate() calls while it works, all on its own thread. Each may throw Error(cancelled), or anything else,
/// which ends the request there. Those that are null are not called.
struct GenerateHooks {
  std::function<void(const Progress&)> on_progress;
  std::function<void(const GeneratedImage&)> on_image;  ///< each picture as soon as its batch is decoded, in order
  /// Asked before the pictures [first, first + images) are denoised: true when they are there already. They are passed
  /// over then.
  std::function<bool(int64_t first, int64_t images)> are_made;
  WrapDenoise wrap_denoise;
};

/// All n pictures. What a plugin does wrong meanwhile is a PluginFault (core/host/plugin_call.h), never the client's
/// fault. Picture k has the seed seed + k and is, to the bit, that picture made alone. Any thread.
void generate(const Model& model, const Settings& settings, const GenerateHooks& hooks,
              std::vector<std::string>& warnings);

}  // namespace alice
