#pragma once
// What a prompt says at each moment of a run, for every text encoder.

#include <string>
#include <vector>

#include "core/base/prompt_schedule.h"
#include "core/base/prompt_style.h"
#include "core/host/settings.h"

namespace alice {

/// One prompt of guidance: the negative one, or a part of the positive one.
struct GuidedPrompt {
  bool is_negative = false, is_given = true;
  std::string text, second_text;  ///< of the first encoder, and of all others
  bool has_second = false;        ///< somebody said a text for these
  int64_t clip_skip = 0;
};

/// Those that the settings ask for: with two passes the negative one first, then the parts of the positive one.
std::vector<GuidedPrompt> prompts_of(const Settings& settings);

/// Texts of the first encoder and of the others, up to and including call `end`.
struct Moment {
  int64_t end;
  std::string text, second_text;
};

/// Of a prompt in a run of `calls` calls. Throws Error(bad_request) where it changes into too many texts.
std::vector<Moment> moments_of(const GuidedPrompt& prompt, PromptStyle style, int64_t calls);

/// How a text is read: one that is longer than kLongestPrompt plainly.
PromptStyle style_of(const std::string& text, PromptStyle style);

/// Does any of the prompts change while the picture is made?
bool changes(const std::vector<GuidedPrompt>& prompts, PromptStyle style);

}  // namespace alice
