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

/// The part of a patch's target, and its module: its parameter without ".weight".
inline std::string part_of(const LoraPatch& patch, const std::vector<LoraTarget>& targets) {
  return targets.at(patch.target).part;
}
inline std::string module_of(const LoraPatch& patch, const std::vector<LoraTarget>& targets) {
  const std::string& name = targets.at(patch.target).parameter;
  return name.substr(0, name.rfind(".weight"));
}

/// The weights of a linear layer, a convolution, and a linear layer of the text encoder, and of a norm beside them.
inline std::vector<LoraTarget> small_model() {
  return {{"unet", "mid_block.attentions.0.proj_in.weight", "middle_block.1.proj_in.weight", {6, 4}},
          {"unet", "mid_block.attentions.0.proj_in.bias", "middle_block.1.proj_in.bias", {6}},
          {"unet", "conv_norm_out.weight", "out.0.weight", {5}},
          {"unet", "conv_in.weight", "input_blocks.0.0.weight", {5, 3, 3, 3}},
          {"text_encoder",
           "text_model.encoder.layers.0.self_attn.q_proj.weight",
           "text_model.encoder.layers.0.self_attn.q_proj.weight",
           {4, 4}}};
}

}  // namespace alice::test
