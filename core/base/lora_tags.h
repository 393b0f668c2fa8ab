#pragma once
// LoRAs that a prompt names in its text.

#include <string>
#include <vector>

#include "core/base/generate_request.h"

namespace alice {

/// Takes <lora:name:0.8> tags (strength optional, may be negative; any case) out of `prompt`, appends them to `loras`,
/// and tidies the commas and blanks that are left. A tag whose strength is no number is a fault at "/prompt".
void take_lora_tags(std::string& prompt, std::vector<LoraUse>& loras, Faults& faults);

}  // namespace alice
