#pragma once
// What other tools understand in a prompt and ALICE does not: it is taken as it stands, and said.

#include <string>
#include <vector>

namespace alice {

/// A sentence for each kind of syntax in `prompt` (LoRA tags taken out) that would mean something elsewhere: weights
/// "(cat:1.3)", "((cat))" and "[cat]", changes within a run "[cat:dog:0.5]" and "[cat|dog]", BREAK, AND, embeddings
/// "embedding:x", choices "{a|b}" and "__x__", tags "<x:y>". Quotes the first of its kind. What a backslash stands
/// before is none. Sources: AUTOMATIC1111/stable-diffusion-webui's wiki "Features", ComfyUI's README.
std::vector<std::string> unknown_syntax(const std::string& prompt);

}  // namespace alice
