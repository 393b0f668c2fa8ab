#pragma once
// Files of tensors as others write them, byte for byte.

#include <map>
#include <string>

#include "server/worker/compat/rounded_tensor.h"

namespace alice {

using RoundedTensors = std::map<std::string, RoundedTensor>;

/// A .safetensors file: header and data in the order of names.
std::string safetensors_bytes(const RoundedTensors& tensors);

/// What torch.save() makes of {"state_dict": tensors, "global_step": 1000, "epoch": 3}: `is_zip` as it does since
/// torch 1.6, else as before. Throws Error(unsupported) for a type that torch has no storage class for.
std::string torch_bytes(const RoundedTensors& tensors, bool is_zip);

}  // namespace alice
