#pragma once
// LoRA files made for a check: how formats name their tensors, and a small model that they change.

#include <map>
#include <string>
#include <vector>

#include "core/api/lora.h"
#include "sdk/check/check.h"

namespace alice::check {

/// How a format names what changes a module: parts[part] + module + down, and so on. Either factors, down and up, or
/// one tensor with the whole difference.
struct LoraNames {
  std::string name;                          ///< for people
  std::map<std::string, std::string> parts;  ///< what stands before a module of "unet", "text_encoder"
  bool underscored = false;                  ///< the module's dots are written as underscores
  std::string down, up;                      ///< what stands behind it; "" for whole differences
  std::string difference;                    ///< "" for factors
  std::string alpha;                         ///< "" when the format has no such tensor

  std::string start(const LoraTarget& target) const;
};
/// An object like those of known_loras.json. Throws Error(bad_config) at `place` for members that are missing or wrong.
LoraNames read_lora_names(const Json& object, const std::string& place);

/// A linear layer, a convolution and a 1x1 one of a UNet, a bias and a norm, and a linear layer of a text encoder.
const std::vector<LoraTarget>& lora_targets();

using Tensors = std::map<std::string, Tensor>;

/// Do files of the check change it: is it a matrix or a convolution of a part that the names have?
bool changes(const LoraNames& names, const LoraTarget& target);
/// Factors of rank 2 or differences, drawn by `seed`, for every such target.
Tensors lora_file(const LoraNames& names, uint64_t seed);
/// What the file makes of a target: up x down, or the difference; in float64, of its shape.
Tensor exact_change(const LoraNames& names, const Tensors& file, const LoraTarget& target);

/// The author's names, or the first known ones that the format recognises. Fails when there are none, with what to do.
LoraNames lora_names_of(const LoraFormat& format, const Case& it);

}  // namespace alice::check
