#pragma once
// What the record of steps keeps of a batch whose pictures are written: enough to tell of them again.

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "core/base/picture_file.h"

namespace alice {

struct MadeBatch {
  std::vector<PictureFile> pictures;
  int64_t steps = 0;  ///< that were done for them
};

std::string write_made_batch(const MadeBatch& batch);
/// An empty batch for a text that is none.
MadeBatch read_made_batch(const std::string& text);

/// Are these the pictures [first, first + images) of a job, and their files in `folder`, of the size that was written?
bool are_there(const MadeBatch& batch, int64_t first, int64_t images, const std::filesystem::path& folder);

}  // namespace alice
