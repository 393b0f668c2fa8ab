#include "core/base/heap.h"

#include <malloc.h>

#include <cstdlib>

namespace alice {
namespace {

constexpr int kMostKept = 8 << 20;   // bytes of a block
constexpr int kKeptAtEnd = 64 << 20;  // bytes

}  // namespace

void keep_freed_memory() {
  if (std::getenv("MALLOC_MMAP_THRESHOLD_") != nullptr || std::getenv("MALLOC_TRIM_THRESHOLD_") != nullptr) return;
  mallopt(M_MMAP_THRESHOLD, kMostKept);
  mallopt(M_TRIM_THRESHOLD, kKeptAtEnd);
}

}  // namespace alice
