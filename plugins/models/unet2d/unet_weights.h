#pragma once
// The weights of a UNet2DConditionModel and how files name them: diffusers, and latent diffusion's own within a single
// file.

#include "plugins/models/unet2d/unet_config.h"

namespace alice::unet2d {

enum class UNetLayout { diffusers, ldm };
/// Empty when there is no such UNet in the files.
std::optional<UNetLayout> find_unet(const ModelFiles& files);

/// How a file in latent diffusion's names counts its blocks: one after another; or those of each level from a multiple
/// of three on, as the reference's script writes networks with one block a level (BK-SDM).
class LdmCount {
 public:
  explicit LdmCount(const ModelFiles& files);

  bool is_by_threes() const { return is_by_threes_; }
  /// "input_blocks.4": the j-th block of a level whose first is `first` where one follows another.
  std::string down(size_t level, int64_t first, int64_t j) const;
  /// "output_blocks.4": the same on the way up, whose level 0 is the coarsest.
  std::string up(size_t level, int64_t first, int64_t j) const;
  /// Where the convolution that halves a level's map may stand ("input_blocks.3.0.op"), and that which doubles it.
  std::string halving(size_t level, int64_t first, int64_t layers) const;
  std::vector<std::string> doubling(size_t level, int64_t first, int64_t layers, bool attends) const;

 private:
  bool is_by_threes_;
};

/// `files` tell how they count.
std::vector<WantedParameter> unet_parameters(const UNetConfig& config, const ModelFiles& files);

}  // namespace alice::unet2d
