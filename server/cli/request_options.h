#pragma once
// generate's options: those of request_fields(), and the ones with a grammar of their own.

#include <string>
#include <utility>
#include <vector>

#include "core/base/generate_request.h"

namespace alice {

/// As typed: the name in request_fields(), and the text.
using RequestTexts = std::vector<std::pair<std::string, std::string>>;

/// Of a field of request_fields(): "--guidance-rescale" for "guidance_rescale", "--negative" for "negative_prompt".
std::string option_of(const std::string& field);
/// All its spellings, with commas between: "--negative,--negative-prompt".
std::string spellings_of(const std::string& field);

/// Checks and reads the fields; the places of faults are options.
GenerateRequest read_request(const RequestTexts& texts, Faults& faults);

/// NAME or NAME:STRENGTH; a name may have colons, so the last one counts.
LoraUse read_lora_option(const std::string& text, Faults& faults);

/// KEY=VALUE; a value that reads as JSON is that (true, 3, [1, 2]), any other is text. Adds it to `options`.
void read_scheduler_option(const std::string& text, Json& options, Faults& faults);

}  // namespace alice
