#pragma once
// A VAE's decoder for tests.

#include <cmath>
#include <filesystem>

#include "core/io/safetensors_writer.h"

namespace alice::test {

/// In TAESD's layout with random weights: 4 channels to 3, times 8.
inline void write_tiny_decoder(const std::filesystem::path& file) {
  std::filesystem::create_directories(file.parent_path());
  at::manual_seed(5);
  std::map<std::string, Tensor> tensors;
  const auto convolution = [&](const std::string& name, int64_t out, int64_t in, bool bias) {
    tensors[name + ".weight"] = at::randn({out, in, 3, 3}) * std::sqrt(1.0 / static_cast<double>(9 * in));
    if (bias) tensors[name + ".bias"] = at::randn({out}) * 0.1;
  };
  convolution("1", 64, 4, true);
  for (int block : {3, 4, 5, 8, 9, 10, 13, 14, 15, 18})
    for (int layer : {0, 2, 4}) convolution(std::to_string(block) + ".conv." + std::to_string(layer), 64, 64, true);
  for (int up : {7, 12, 17}) convolution(std::to_string(up), 64, 64, false);
  convolution("19", 3, 64, true);
  write_safetensors(file, tensors, {});
}

}  // namespace alice::test
