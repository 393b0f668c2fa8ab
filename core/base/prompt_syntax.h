#pragma once
// What other programs would read in a prompt and this one takes literally.

#include <string>
#include <string_view>
#include <vector>

namespace alice {

/// A sentence for each kind of syntax of A1111, ComfyUI and their extensions that `prompt` (UTF-8) has and that is not
/// built: weights, schedules, alternations, BREAK and AND, embeddings, choices, wildcards, tags other than LoRAs',
/// escaped brackets. It says where the first one is (column, in characters from 1) and how many there are. Brackets in
/// plain sentences and emoticons are left alone: `(word)` counts where it stands as a tag, between commas, or is
/// doubled. Time grows with the prompt's length. Never throws but for want of memory.
std::vector<std::string> unread_syntax(std::string_view prompt);

}  // namespace alice
