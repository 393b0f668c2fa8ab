#pragma once

#include "plugins/loras/low_rank/low_rank_format.h"

namespace alice::low_rank {

/// As diffusers named them before PEFT: <attention>.processor.to_q_lora.down.weight (to_k, to_v, to_out),
/// <module>.lora.down.weight, and for text encoders <module>.lora_linear_layer.down.weight; with or without unet. or
/// text_encoder. in front; .up alike.
class DiffusersOld : public LowRankFormat {
 protected:
  const char* id() const override { return "diffusers_old"; }
  bool is_typical(const std::string& tensor) const override;
  std::optional<FactorName> parse(const std::string& tensor) const override;
};

}  // namespace alice::low_rank
