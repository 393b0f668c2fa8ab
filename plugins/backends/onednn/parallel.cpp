#include "plugins/backends/onednn/parallel.h"

#include <cstdlib>
#include <memory>
#include <new>

namespace alice::onednn {
namespace {

constexpr size_t kAlignment = 64;

struct Free {
  void operator()(void* memory) const { std::free(memory); }
};

}  // namespace

void each_task(int64_t count, const std::function<void(int64_t)>& body) {
  if (count == 1) return body(0);
#pragma omp parallel for schedule(dynamic)
  for (int64_t k = 0; k < count; ++k) body(k);
}

void* thread_scratch(int64_t bytes) {
  static thread_local std::unique_ptr<void, Free> memory;
  static thread_local size_t size = 0;
  const size_t needed = (static_cast<size_t>(bytes) + kAlignment - 1) / kAlignment * kAlignment;
  if (needed > size) {
    memory.reset();
    size = 0;
    memory.reset(std::aligned_alloc(kAlignment, needed));
    if (!memory) throw std::bad_alloc();
    size = needed;
  }
  return memory.get();
}

}  // namespace alice::onednn
