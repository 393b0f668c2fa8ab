#pragma once
// What a request says to models whose network is told more than a prompt: sizes, a score, a second prompt.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/base/generate_request.h"
#include "core/host/model.h"

namespace alice {

/// The picture that a network is to imagine, as families tell it (core/api/family.h): pixels.
struct ImaginedPicture {
  int64_t original_width = 0, original_height = 0;
  int64_t crop_left = 0, crop_top = 0;
  int64_t target_width = 0, target_height = 0;
  std::optional<double> aesthetic_score;  ///< absent: what is usual
};

/// Every size in the request must have passed check_request(); `width` and `height` are what is drawn.
ImaginedPicture imagined_of(const GenerateRequest& request, int64_t width, int64_t height);
/// The same for the negative prompt: `picture`, but for what is said of the negative one.
ImaginedPicture negative_of(const GenerateRequest& request, ImaginedPicture picture);

/// Tells of what the request says and none of the models that make its pictures hears.
void warn_of_unheard(const GenerateRequest& request, const std::vector<const Model*>& models,
                     std::vector<std::string>& warnings);

}  // namespace alice
