#pragma once
// A request with every default filled in and every value checked against the model that it asks for.

#include <optional>
#include <string>
#include <vector>

#include "core/base/generation_defaults.h"
#include "core/base/host_config.h"
#include "core/base/picture_size.h"
#include "core/host/embedding.h"
#include "core/host/guided_network.h"
#include "core/host/imagined.h"
#include "core/host/input_pictures.h"
#include "core/host/model.h"
#include "core/host/scheduler_choice.h"

namespace alice {

struct Settings;

/// The pass after the first: another model goes on with its latents, on the same levels (Podell et al. 2023, 2.5).
struct Refining {
  std::shared_ptr<const Model> model;
  std::shared_ptr<const Settings> settings;  ///< the first pass's, but for what is the model's own
};

/// A request with every default filled in.
struct Settings {
  GenerateRequest request;  ///< as such, for records; the scheduler and the seed may be open in it
  std::string model, prompt;
  std::optional<std::string> negative_prompt;  ///< absent: nobody said one
  int64_t steps = 0, width = 0, height = 0, clip_skip = 0, n = 1;
  uint64_t seed = 0;
  ImaginedPicture imagined, negative_imagined;
  Guidance guidance;
  Shortcuts shortcuts;
  ChosenScheduler scheduler;
  std::vector<LoraUse> loras;
  std::vector<Embedding> embeddings;  ///< that the prompts name
  InputPictures inputs;     ///< that `request` names
  int64_t first_step = 0;   ///< of a picture's result: how many of the steps are left out
  std::optional<Refining> refining;  ///< absent: one model makes all steps

  /// That are done.
  int64_t steps_done() const { return steps - first_step; }
};

/// The levels of the steps that are done. Throws what the scheduler's plan() throws.
Plan plan_of(const Settings& settings);

/// Fills `settings.scheduler`, whose noise model is told how large the picture is: latents in patches of two by two, as
/// networks of transformers read it.
void take_scheduler(ChosenScheduler chosen, const Model& model, Settings& settings);

struct SettingsSources {
  const GenerateRequest& request;
  const GenerateRequest& model_defaults;    ///< the model's `defaults` in the configuration
  const GenerateRequest& general_defaults;  ///< generation.default_*
  const InputPictures& inputs = no_pictures();  ///< that the request names
};

/// The request's size, each side as any other value of resolve_settings(). Of a picture's result it is the picture's,
/// in multiples of `multiple`, unless the request itself says another; a side that it leaves open is as long as the
/// picture's shape makes it.
PictureSize resolve_size(const SettingsSources& sources, const PictureSize& native, int64_t multiple);

/// The request's value, else the model's default, else the general one, else the built-in one
/// (core/base/request_fields.h), the model's native size, a drawn seed. Fills everything but `scheduler` and
/// `refining`. What the request says and cannot have an effect is added to `warnings`. Throws Error(bad_request) with
/// every fault: size no multiple of the VAE's reduction, clip_skip beyond the text encoder, a picture or a mask that
/// the network needs and that is missing.
Settings resolve_settings(const SettingsSources& sources, const Model& model, std::vector<std::string>& warnings);

/// The settings of one picture as a request that makes it again: for the words inside a picture.
GenerateRequest as_request(const Settings& settings, uint64_t seed);

}  // namespace alice
