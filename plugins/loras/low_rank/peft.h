#pragma once

#include "plugins/loras/low_rank/low_rank_format.h"

namespace alice::low_rank {

/// As PEFT and today's diffusers name them: unet.<module>.lora_A.weight (down) and .lora_B.weight (up), text_encoder.
/// and text_encoder_2. likewise; PEFT's own files put base_model.model. in front, and may name the adapter
/// (lora_A.default.weight). alpha comes from <module>.alpha, else from the metadata that diffusers writes
/// (lora_adapter_metadata: lora_alpha, alpha_pattern, use_rslora), else it is the rank: what PEFT itself keeps in an
/// adapter_config.json beside the file is not seen.
class Peft : public LowRankFormat {
 protected:
  const char* id() const override { return "peft"; }
  bool is_typical(const std::string& tensor) const override;
  std::optional<FactorName> parse(const std::string& tensor) const override;
  DefaultScale default_scale(const TensorIndex& index, Faults& faults) const override;
};

}  // namespace alice::low_rank
