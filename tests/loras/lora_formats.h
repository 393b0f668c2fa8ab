#pragma once
// The LoRA formats under test, by id, and what they are tried on.

#include <memory>
#include <string>

#include "core/api/lora.h"
#include "tests/support/catch.h"
#include "tests/support/errors.h"
#include "tests/support/memory_weights.h"
#include "tests/support/plugin.h"

namespace alice::test {

inline const Plugin& low_rank_plugin() {
  static const Plugin plugin = load_plugin("alice-lora-low-rank");
  return plugin;
}

inline std::shared_ptr<const LoraFormat> lora_format(const std::string& id) {
  return low_rank_plugin().factory<LoraFormatFactory>(id).create({});
}

/// The ids of the formats that recognise a file.
inline std::vector<std::string> recognisers(const TensorIndex& index) {
  std::vector<std::string> ids;
  for (const LoraFormatFactory* factory : low_rank_plugin().all<LoraFormatFactory>())
    if (factory->create({})->recognises(index)) ids.push_back(factory->info().id);
  return ids;
}

/// A model of three modules: a linear layer, a convolution, and a linear layer of the text encoder.
inline std::vector<LoraTarget> small_model() {
  return {{"unet", "mid_block.attentions.0.proj_in", "middle_block.1.proj_in", {6, 4}},
          {"unet", "conv_in", "input_blocks.0.0", {5, 3, 3, 3}},
          {"text_encoder",
           "text_model.encoder.layers.0.self_attn.q_proj",
           "text_model.encoder.layers.0.self_attn.q_proj",
           {4, 4}}};
}

}  // namespace alice::test
