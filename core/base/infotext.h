#pragma once
// The settings of a picture in the words that AUTOMATIC1111's web UI puts into its PNG files ("parameters"), so that it
// and the many tools that read them understand ours, and we theirs.

#include <map>
#include <string>

#include "core/base/recipe.h"

namespace alice {

/// The prompt with its LoRAs as <lora:..> tags behind it, a "Negative prompt: " line where one was said, and a line of
/// "Name: value" pairs. Fields that are absent in the recipe's request are left out, so give what the picture was
/// really made with: its own seed, the resolved size. So are those that are what counts unsaid
/// (RequestField::infotext_if_other), which read_infotext() fills in again. Hashes are the first ten digits of the
/// SHA-256. `Sampler` is the display name with the schedule in it, which old and new versions of the web UI read alike;
/// options of the scheduler that the name does not stand for are a pair of their own, in JSON.
std::string write_infotext(const Recipe& recipe);

/// What such a text says, ours or the web UI's own, as far as there is something of ours that it can mean; pairs that
/// are not known are passed over. `sampler` and the request's scheduler are as written, with the schedule's type behind
/// it. Throws one Error(bad_request) at `place` for values of wrong types or ranges, and when there are no pairs at
/// all.
Recipe read_infotext(const std::string& text, const std::string& place);

/// The pairs of such a text as they stand there, and "Prompt" and "Negative prompt"; nothing is checked. Empty when it
/// has no pairs.
std::map<std::string, std::string> infotext_words(const std::string& text);

}  // namespace alice
