#pragma once
// Tensors in memory that pose as a file: those of the plugin checker.

#include "sdk/check/memory_tensors.h"

namespace alice::test {

using MemoryWeights = check::MemoryTensors;

}  // namespace alice::test
