#pragma once
// The stages of a job, in their order, and their names between programs, in events and in records.

#include "core/base/options.h"

namespace alice {

enum class JobStage {
  load,     ///< until the model is there
  encode,   ///< prompts
  denoise,  ///< in steps
  decode    ///< latents to pixels, and the writing of pictures
};

const Choices<JobStage>& job_stages();
const char* to_string(JobStage stage);
/// For sentences: "while it loaded the model".
const char* in_words(JobStage stage);

}  // namespace alice
