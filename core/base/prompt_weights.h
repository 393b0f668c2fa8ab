#pragma once
// Words of a prompt with their weights, by the rules of several programs.

#include <string>
#include <string_view>
#include <vector>

#include "core/base/prompt_schedule.h"

namespace alice {

struct WeightedText {
  std::string text;
  double weight = 1;
  /// A1111's BREAK: what follows stands in a window of its own. It is a piece of this text and weight there, too, so
  /// that one within brackets, whose weight is another, is a word.
  bool is_break() const { return text == "BREAK" && weight == -1; }
  bool operator==(const WeightedText& other) const { return text == other.text && weight == other.weight; }
};

/// AUTOMATIC1111's parse_prompt_attention() (modules/prompt_parser.py, 1.10.1), products in its order: (x) times 1.1,
/// [x] divided by it, (x:1.3) times that; brackets that nothing closes count to the end; a backslash is taken off and
/// what stands behind it is text. At least one piece. Where the number of a weight is none ("1.2.3"), on which the
/// reference fails, throws Error(bad_request) at `place` with its column; also for one beyond kLargestWeight.
std::vector<WeightedText> a1111_weights(std::string_view text, const std::string& place = "/prompt");
/// What of such a text may be meant otherwise: brackets that nothing closes, a BREAK within brackets.
PromptNotes a1111_weight_notes(std::string_view text, const std::string& place = "/prompt");

/// ComfyUI's token_weights() (comfy/sd1_clip.py): (x) times 1.1, (x:1.3) IS that weight, whatever is around it; \( and
/// \) are brackets of the text. No form is a fault; throws Error(bad_request) for a weight beyond kLargestWeight.
std::vector<WeightedText> comfyui_weights(std::string_view text, const std::string& place = "/prompt");

inline constexpr double kLargestWeight = 1e6;  ///< either way: beyond it numbers run over
/// Longer prompts are read as plain text alone: products of weights grow with the square.
inline constexpr size_t kLongestPrompt = 32 << 10;

}  // namespace alice
