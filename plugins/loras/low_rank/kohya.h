#pragma once

#include "plugins/loras/low_rank/low_rank_format.h"

namespace alice::low_rank {

/// As kohya-ss/sd-scripts and LyCORIS (LoCon) name their tensors: lora_unet_<module with underscores>.lora_down.weight,
/// .lora_up, .lora_mid (Tucker form) and .alpha; lora_te_ or lora_te1_ for the text encoder, lora_te2_ for the second.
/// SimpleTuner writes lycoris_ for lora_unet_, older OneTrainer lora_unet.<module with dots>, ComfyUI's trainers
/// diffusion_model.<module in the original layout, with dots>.
class Kohya : public LowRankFormat {
 protected:
  const char* id() const override { return "kohya"; }
  bool is_typical(const std::string& tensor) const override;
  std::optional<FactorName> parse(const std::string& tensor) const override;
};

}  // namespace alice::low_rank
