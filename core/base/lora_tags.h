#pragma once
// LoRAs that a prompt names in its text.

#include <string>
#include <vector>

#include "core/base/generate_request.h"

namespace alice {

/// Takes A1111's tags out of `prompt`, appends them to `loras`, and tidies the commas and blanks that are left:
/// <lora:name>, <lora:name:0.8>, <lora:name:TEXT_ENCODER:UNET>, <lora:name:te=0.5:unet=1>; <lyco:...> means the same;
/// any case, strengths may be negative. A name keeps its blanks: find_lora() takes them off where no file has them. A
/// tag with anything else in it is a fault at "/prompt".
void take_lora_tags(std::string& prompt, std::vector<LoraUse>& loras, Faults& faults);

}  // namespace alice
