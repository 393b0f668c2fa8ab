#include "plugins/backends/onednn/parallel.h"

#include <omp.h>

#include <cstdlib>
#include <exception>
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
  std::exception_ptr thrown;
#pragma omp parallel for schedule(dynamic)
  for (int64_t k = 0; k < count; ++k) {
    try {
      body(k);
    } catch (...) {
#pragma omp critical
      thrown = std::current_exception();
    }
  }
  if (thrown) std::rethrow_exception(thrown);
}

void with_threads(int threads, const std::function<void()>& body) {
  struct Kept {
    int threads = omp_get_max_threads();
    ~Kept() { omp_set_num_threads(threads); }
  } const kept;
  omp_set_num_threads(threads);
  body();
}

void* thread_scratch(Scratch use, int64_t bytes) {
  struct Memory {
    std::unique_ptr<void, Free> begin;
    size_t size = 0;
  };
  static thread_local Memory of_library, of_task;
  Memory& memory = use == Scratch::library ? of_library : of_task;
  const size_t needed = (static_cast<size_t>(bytes) + kAlignment - 1) / kAlignment * kAlignment;
  if (needed > memory.size) {
    memory.begin.reset();
    memory.size = 0;
    memory.begin.reset(std::aligned_alloc(kAlignment, needed));
    if (!memory.begin) throw std::bad_alloc();
    memory.size = needed;
  }
  return memory.begin.get();
}

}  // namespace alice::onednn
