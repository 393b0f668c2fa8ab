#pragma once
// The bodies of txt2img and img2img. A1111 ignores fields that it does not know, and its clients rely on it: some send
// passwords of theirs. What it knows and is not built here is taken, and a warning names it.

#include <string>
#include <vector>

#include "core/base/json.h"
#include "server/front/http/api_error.h"
#include "server/jobs/job.h"

namespace alice::a1111 {

enum class Form { text_to_image, image_to_image };

struct AskedPictures {
  JobRequest job;                            ///< without model and scheduler, sizes as asked
  std::string checkpoint, checkpoint_param;  ///< as the client names it, and in which field; "": its chosen one
  std::string refiner;  ///< the same of the model that makes the last steps; "": none
  std::string sampler, sampler_param, spacing;  ///< the same of the algorithm; of the noise levels. "": not said
  int64_t batch_size = 1;
  bool send_images = true;
  Json parameters = Json::object();  ///< every field of the form, as asked or as A1111 has it by itself
  std::vector<std::string> warnings;
  ParamOf param_of;  ///< the client's spelling, for errors
};

/// Throws ApiError 400 with every fault of a field that is known. Nothing of the body is kept that no field is.
AskedPictures read_asked(const std::string& body, Form form);

/// JSON Schema of the body.
Json asked_schema(Form form);

/// "" for what asks for no other than the usual: "None", "Automatic".
std::string unless_none(const std::string& name);

}  // namespace alice::a1111
