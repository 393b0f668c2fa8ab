#pragma once
// What a LoRA may be called: asked by the worker, which has the files, and by the front, which has their ids.

#include <string>
#include <vector>

namespace alice {

/// The id that a name means, with or without "lora/" and an ending: of `ids` the very same, else the only one with
/// that last step ("deep" for "style/deep"), else the only one of which that is true but for blanks at the ends. Throws
/// Error(not_found) at `place` with "did you mean", or with all that it may mean.
std::string lora_called(const std::string& name, const std::vector<std::string>& ids, const std::string& place);

}  // namespace alice
