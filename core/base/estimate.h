#pragma once
// What a job will take, said before it runs.

#include <cstdint>
#include <string>

#include "core/base/options.h"

namespace alice {

/// Of one job on one machine. Seconds are those of the clock on a machine that does nothing else.
struct Estimate {
  double seconds = 0;         ///< of all stages and all pictures
  double load_seconds = 0;    ///< until the model is there; 0 when it is
  double encode_seconds = 0;  ///< the prompts, of one group of pictures
  double step_seconds = 0;    ///< the longest step of a group of pictures that are made together
  double decode_seconds = 0;  ///< a group's latents to pixels
  int64_t bytes = 0;          ///< the most memory that the process has meanwhile, mapped files included
};
/// Its members by name, for JSON.
const OptionTable<Estimate>& estimate_options();
/// "9 min", "2.5 s"; "12 GB", "740 MB".
std::string time_in_words(double seconds);
std::string size_in_words(int64_t bytes);
/// For people: "about 9 min and 12 GB".
std::string in_words(const Estimate& estimate);

}  // namespace alice
