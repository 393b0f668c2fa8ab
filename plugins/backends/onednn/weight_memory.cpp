#include "plugins/backends/onednn/weight_memory.h"

#include <sys/mman.h>

#include "core/base/error.h"

namespace alice::onednn {
namespace {

constexpr size_t kLarge = size_t{256} << 10;  // below it, mappings would cost more than holes

}  // namespace

Tensor weight_memory(at::IntArrayRef sizes, at::ScalarType type) {
  size_t bytes = c10::elementSize(type);
  for (const int64_t size : sizes) bytes *= static_cast<size_t>(size);
  if (bytes < kLarge) return at::empty(sizes, type);
  void* const place = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (place == MAP_FAILED)
    throw Error(ErrorCode::out_of_memory, "weights", "there is no memory for " + std::to_string(bytes) + " bytes more");
  return at::from_blob(
      place, sizes, [bytes](void* mapping) { ::munmap(mapping, bytes); }, at::TensorOptions(type));
}

}  // namespace alice::onednn
