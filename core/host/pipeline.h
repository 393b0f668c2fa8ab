#pragma once
// A composed model, and the road from a prompt to pixels: encode, denoise, decode. The road reads as a summary of
// Rombach et al. 2022; every station is a plugin's.

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/api/text_encoder.h"
#include "core/api/unet.h"
#include "core/api/vae.h"
#include "core/base/generate_request.h"
#include "core/base/stage.h"
#include "core/host/effective_options.h"
#include "core/host/guided_network.h"
#include "core/host/prompt_cache.h"

namespace alice {

/// A scheduler ready to run, and the noise schedule that it runs on.
struct ChosenScheduler {
  std::string name;    ///< as it was asked for: id or alias
  std::string plugin;  ///< the factory's id
  /// Those of the scheduler and of the noise schedule that have to be said to have them again (effective_options()),
  /// whoever set them.
  Json options = Json::object();
  /// Of these, what neither the display name stands for nor the model's own files say.
  Json further_options = Json::object();
  std::map<std::string, std::string> origins;  ///< of `options`: where each was said
  DisplayName display;
  std::shared_ptr<const Scheduler> scheduler;
  std::shared_ptr<const NoiseModel> noise_model;
};

/// The parts of one model. Const and shared between requests.
struct Pipeline {
  std::string id;  ///< "sd/name"
  std::shared_ptr<const Backend> backend;
  std::shared_ptr<const TextEncoder> text_encoder;
  std::shared_ptr<const UNet> unet;
  std::shared_ptr<const Vae> vae;
  std::shared_ptr<PromptCache> prompts = std::make_shared<PromptCache>();  ///< may be shared with other pipelines
  std::vector<std::string> warnings;  ///< what those should know who use it: of its LoRAs
};

/// A request with every default filled in.
struct Settings {
  GenerateRequest request;  ///< as such, for records; the scheduler and the seed may be open in it
  std::string model, prompt;
  std::optional<std::string> negative_prompt;  ///< absent: nobody said one
  int64_t steps = 0, width = 0, height = 0, clip_skip = 0, n = 1;
  uint64_t seed = 0;
  Guidance guidance;
  Shortcuts shortcuts;
  ChosenScheduler scheduler;
  std::vector<LoraUse> loras;
};

/// Told while pictures [first_image, first_image + images) of a request are made: after each step, and when a stage
/// begins.
struct Progress {
  JobStage stage = JobStage::encode;
  int64_t first_image = 0, images = 0, all_images = 0;
  size_t done = 0, total = 0;  ///< steps
};

struct GeneratedImage {
  Tensor pixels;  ///< u8 [H, W, 3] on the CPU
  int64_t index = 0;
  uint64_t seed = 0;
};

/// How much a batch holds: more pictures are made in several.
inline constexpr int64_t kLargestBatch = 4;

/// Text to conditioning for `batch` pictures: with two passes the negative prompt's rows first, then the prompt's.
/// What was cut off of a prompt that is too long is added to `warnings`.
Conditioning encode(const Pipeline& pipeline, const Settings& settings, int64_t batch,
                    std::vector<std::string>& warnings);

/// Stands between sampler and network: to record, to answer from a record, to look. Called once a batch.
using WrapDenoise = std::function<Denoise(Denoise)>;

/// Pure noise to latents, for as many pictures as `noise` has rows. Throws what on_step throws.
Tensor denoise(const Pipeline& pipeline, const Settings& settings, const Conditioning& conditioning, int64_t batch,
               NoiseSource& noise, const OnStep& on_step, const WrapDenoise& wrap = nullptr);

/// Latents to u8 [B, H, W, 3]: the reference's rounding. Throws Error(internal) when a number is not finite.
Tensor decode(const Pipeline& pipeline, const Tensor& latents);

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
void generate(const Pipeline& pipeline, const Settings& settings, const GenerateHooks& hooks,
              std::vector<std::string>& warnings);

}  // namespace alice
