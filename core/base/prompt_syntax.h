#pragma once
// What other programs would read in a prompt and this one takes literally.

#include <string>
#include <string_view>
#include <vector>

#include "core/base/prompt_style.h"

namespace alice {

/// A sentence for each kind of syntax of A1111, ComfyUI and their extensions that `prompt` (UTF-8) has and that is not
/// read by the rules of `style`: weights, schedules, alternations, BREAK and AND, embeddings, choices, wildcards, tags
/// other than LoRAs', escaped brackets. It says where the first one is (column, in characters from 1) and how many are
/// there. Brackets in plain sentences and emoticons are left alone: `(word)` counts where it stands as a tag, between
/// commas, or is doubled. Time grows with the prompt's length. Never throws but for want of memory.
std::vector<std::string> unread_syntax(std::string_view prompt, PromptStyle style = PromptStyle::plain);

/// All that people should know of how `prompt`, the field at `place`, is read: unread_syntax(), and what A1111 reads
/// that may not be meant so. Throws as a1111_weights().
std::vector<std::string> prompt_notes(const std::string& prompt, PromptStyle style, const std::string& place);

}  // namespace alice
