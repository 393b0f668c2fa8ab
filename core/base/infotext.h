#pragma once
// The settings of a picture in the words that AUTOMATIC1111's web UI puts into its PNG files ("parameters"), so that it
// and the many tools that read them understand ours.

#include <string>

#include "core/base/generate_request.h"

namespace alice {

/// The prompt with its LoRAs as <lora:..> tags behind it, a "Negative prompt: " line where there is one, and a line of
/// "Name: value" pairs. Fields that are absent in `request` are left out, so give what the picture was really made
/// with: its own seed, the resolved size. `model_hash`: the first ten digits of the SHA-256 of the model's file, or ""
/// when it has none.
std::string write_infotext(const GenerateRequest& request, const std::string& model_hash = "");

}  // namespace alice
