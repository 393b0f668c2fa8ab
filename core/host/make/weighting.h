#pragma once
// The windows of prompts to states, with weights laid on these: no encoder knows of weights.

#include <memory>
#include <vector>

#include "core/host/make/windows.h"
#include "core/host/model.h"

namespace alice {

/// A text, and how many of a prompt's stretches it is.
struct WeightedPrompt {
  std::vector<WeightedWindow> windows;
  int64_t times = 1;
};

/// The texts of one prompt by one encoder, each [1, windows * T, D] and the pooled text of its first window. All are of
/// as many windows as the longest: empty ones fill up.
/// a1111: z * w, then times mean(before) / mean(after), both over the same window of all texts as often as they count
/// (modules/sd_emphasis.py, EmphasisOriginal); where all weights are 1 nothing is computed.
/// comfyui: e + (z - e) * w with e the empty prompt's state at the same place (comfy/sd1_clip.py,
/// encode_token_weights).
/// Throws PluginFault, and Error(bad_request) at `field` where weights make numbers that are not finite.
std::vector<TextEncoding> encode_texts(const Model& model, const TextUse& use, int64_t clip_skip,
                                       std::vector<WeightedPrompt> texts, PromptStyle style, const std::string& field);

}  // namespace alice
