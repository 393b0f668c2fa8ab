#pragma once
// A prompt's text as the windows of a text encoder, by the rules of a program.

#include <memory>
#include <string>
#include <vector>

#include "core/base/prompt_style.h"
#include "core/host/embedding.h"
#include "core/host/prompt_cache.h"

namespace alice {

/// A window, and how strongly each of its tokens counts.
struct WeightedWindow {
  TokenWindow tokens;
  std::vector<double> weights;  ///< as many as ids; empty: all are 1
};

/// For which encoder, and what words mean there.
struct WindowsFor {
  const TextEncoder& encoder;
  std::string role;
  const std::vector<Embedding>& embeddings;
};

/// How many windows of a prompt count; what is beyond them is not used, with a warning.
inline constexpr size_t kMostWindows = 16;

/// At least one. plain: one window, cut off at its end. a1111: windows of 75 tokens, cut at BREAK, and behind a comma
/// where one stands among the last 20 (modules/sd_hijack_clip.py, tokenize_line); words are found by their ids.
/// comfyui: a piece of equal weight of less than 8 tokens is never cut (comfy/sd1_clip.py, tokenize_with_weights);
/// words are written embedding:NAME. `field`: of the request, for warnings and faults. Throws Error(bad_request) for a
/// weight that is none, and PluginFault.
std::vector<WeightedWindow> windows_of(const WindowsFor& reader, const std::string& text, PromptStyle style,
                                       const std::string& field, std::vector<std::string>& warnings);

/// One without any word.
WeightedWindow empty_window(const TextEncoder& encoder);

}  // namespace alice
