#pragma once
// What a list of jobs shows of a job.

#include "core/base/utf8.h"
#include "server/jobs/job_store.h"

namespace alice {

/// As JobStore::list() does.
inline void cut_prompts(Job& job) {
  const auto cut = [](const std::string& text) {
    return encode_utf8(decode_utf8(text.substr(0, 4 * (kListedLetters + 1))).substr(0, kListedLetters + 1));
  };
  job.request.generate.prompt = cut(job.request.generate.prompt);
  if (auto& negative = job.request.generate.negative_prompt) negative = cut(*negative);
  for (const char* name : {"prompt", "negative_prompt"})
    if (job.settings.contains(name) && job.settings[name].is_string())
      job.settings[name] = cut(job.settings[name].get<std::string>());
}

}  // namespace alice
