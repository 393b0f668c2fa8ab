#include "plugins/backends/onednn/result_memory.h"

#include <sys/mman.h>

#include <cstdlib>
#include <list>
#include <mutex>
#include <new>

namespace alice::onednn {
namespace {

constexpr size_t kSmallest = size_t{1} << 20;  // below, malloc keeps what is freed
constexpr size_t kKeptBytes = size_t{512} << 20;
constexpr size_t kAlignment = size_t{2} << 20;  // a huge page

class BlockPool {
 public:
  struct Block {
    void* memory;
    size_t size;
  };

  Block take(size_t size) {
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      for (auto block = waiting_.begin(); block != waiting_.end(); ++block)
        if (block->size >= size && block->size - size <= size / 4) {
          const Block taken = *block;
          waiting_.erase(block);
          kept_ -= taken.size;
          return taken;
        }
    }
    const size_t rounded = (size + kAlignment - 1) / kAlignment * kAlignment;
    void* memory = std::aligned_alloc(kAlignment, rounded);
    if (memory == nullptr) throw std::bad_alloc();
    madvise(memory, rounded, MADV_HUGEPAGE);  // a wish; without it all is the same, slower
    return {memory, rounded};
  }

  void give_back(const Block& block) {
    const std::lock_guard<std::mutex> lock(mutex_);
    waiting_.push_front(block);
    kept_ += block.size;
    while (kept_ > kKeptBytes) {  // those that waited longest go
      std::free(waiting_.back().memory);
      kept_ -= waiting_.back().size;
      waiting_.pop_back();
    }
  }

 private:
  std::mutex mutex_;
  std::list<Block> waiting_;
  size_t kept_ = 0;
};

/// Never destroyed: a tensor may outlive everything else.
BlockPool& pool() {
  static auto* const blocks = new BlockPool;
  return *blocks;
}

}  // namespace

Tensor empty_result(at::IntArrayRef sizes, at::ScalarType dtype, at::MemoryFormat format) {
  const at::TensorOptions options = at::TensorOptions(at::kCPU).dtype(dtype);
  const size_t bytes = static_cast<size_t>(c10::multiply_integers(sizes)) * c10::elementSize(dtype);
  if (bytes < kSmallest) return at::empty(sizes, options, format);
  const BlockPool::Block block = pool().take(bytes);
  const auto give_back = [block](void*) { pool().give_back(block); };
  return format == at::MemoryFormat::ChannelsLast
             ? at::from_blob(block.memory, sizes, c10::get_channels_last_strides_2d(sizes), give_back, options)
             : at::from_blob(block.memory, sizes, give_back, options);
}

}  // namespace alice::onednn
