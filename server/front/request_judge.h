#pragma once
// Judges a request by what workers have said of themselves, when it arrives and not when the queue has come to it. The
// worker judges again: it alone has the model.

#include "core/base/generate_request.h"

namespace alice {

/// `request` names its model by its id; `description` is what a worker of that model's group says of itself (Described
/// in server/link/message.h). What the description does not tell is not judged. Throws Error with every fault:
/// scheduler, its options, steps that it cannot take, sizes, clip_skip (bad_request), or, when these are right, LoRAs
/// that are not there (not_found), at the places that the worker gives them; of a LoRA in the prompt, at "/prompt".
void judge_request(const GenerateRequest& request, const Json& description);

}  // namespace alice
