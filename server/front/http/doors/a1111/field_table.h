#pragma once
// The fields of txt2img and img2img as A1111 has them (modules/api/models.py and processing.py of AUTOMATIC1111's web
// UI and of Forge).

#include <optional>
#include <string>
#include <vector>

#include "core/base/options.h"
#include "server/front/http/doors/a1111/request_fields.h"

namespace alice::a1111 {

enum class Use {
  setting,  ///< a field of GenerateRequest
  door,     ///< the door makes something of it
  vain,     ///< would change the picture, and is not built: a warning, unless it asks for nothing
  quiet,    ///< has no meaning here, or none without one that is in vain
};

struct Field {
  const char* name;
  Json usual;  ///< what A1111 has without a word
  Use use;
  const char* means = "";  ///< setting: the field of GenerateRequest
  bool is_told = true;     ///< in the answer's parameters; pictures are not
};

const std::vector<Field>& fields_of(Form form);

/// Those whose strings may be pictures.
const std::vector<std::string>& long_fields();

struct FormDoor {
  std::optional<int64_t> batch_size, n_iter, clip_skip, inpainting_fill, resize_mode, inpainting_mask_invert;
  std::optional<double> mask_blur_x, mask_blur_y;
  std::optional<std::string> sampler_name, sampler_index, scheduler, model, refiner_checkpoint;
  std::optional<bool> send_images;
};
const OptionTable<FormDoor>& form_door_options();

}  // namespace alice::a1111
