#pragma once
// A picture that was written: what the worker reports, the job store keeps and the front serves.

#include <cstdint>
#include <optional>
#include <string>

#include "core/base/options.h"

namespace alice {

struct PictureFile {
  int64_t index = 0;   ///< 0 to n - 1 within its job
  std::string file;    ///< its name in the folder of pictures, such as "0192f0...-0.png"; no folder
  std::string sha256;  ///< of the file's bytes, 64 small hex digits
  int64_t bytes = 0;
  int64_t width = 0, height = 0;  ///< pixels
  int64_t seed = 0;
  std::optional<int64_t> removed_ms;  ///< since 1970, UTC: when retention took the file away
};

/// Every member but removed_ms, which only the job store tells, by its own name.
const OptionTable<PictureFile>& picture_file_options();

}  // namespace alice
