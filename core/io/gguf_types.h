#pragma once
// The types of numbers that a GGUF file may hold (ggml-org/ggml, docs/gguf.md and src/ggml-common.h), and their values.

#include <cstddef>
#include <cstdint>

#include "core/base/tensor_index.h"

namespace alice {

struct GgufType {
  uint32_t id = 0;
  const char* name = "";
  DType dtype = DType::other;  ///< what a tensor of it is read as; `other`: its values are not known here
  size_t block_elements = 1;   ///< a row is a whole number of blocks
  size_t block_bytes = 0;      ///< 0: not known
  /// From a block to its block_elements floats, the same bits as ggml's gguf-py gives; null: they lie there as `dtype`.
  void (*unpack)(const uint8_t* block, float* out) = nullptr;
};

/// Null for a number that stands for no type that is known. What it points to lives for ever. Any thread.
const GgufType* gguf_type(uint32_t id);

}  // namespace alice
