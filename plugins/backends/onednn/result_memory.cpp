#include "plugins/backends/onednn/result_memory.h"

#include <sys/mman.h>

#include <algorithm>
#include <cstdint>
#include <list>
#include <mutex>
#include <new>

namespace alice::onednn {
namespace {

constexpr size_t kSmallest = size_t{1} << 20;  // below, malloc keeps what is freed
constexpr size_t kKeptBytes = size_t{512} << 20;
// Kept blocks never add to the most that was in use at once, but for this: a network whose maps are small has them of
// many sizes.
constexpr size_t kUsualBytes = size_t{128} << 20;
constexpr size_t kAlignment = size_t{2} << 20;  // a huge page

/// Not malloc's: aligned blocks would leave holes in its heap that nothing fits. size: a multiple of kAlignment.
void* map_aligned(size_t size) {
  const size_t with_room = size + kAlignment;
  void* const mapping = ::mmap(nullptr, with_room, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (mapping == MAP_FAILED) throw std::bad_alloc();
  const auto begin = reinterpret_cast<uintptr_t>(mapping);
  const uintptr_t aligned = (begin + kAlignment - 1) / kAlignment * kAlignment;
  const size_t before = aligned - begin, after = kAlignment - before;
  if (before > 0) ::munmap(mapping, before);
  void* const memory = static_cast<char*>(mapping) + before;
  ::munmap(static_cast<char*>(memory) + size, after);
  ::madvise(memory, size, MADV_HUGEPAGE);  // a wish; without it all is the same, slower
  return memory;
}

class BlockPool {
 public:
  struct Block {
    void* memory;
    size_t size;
  };

  Block take(size_t size) {
    const size_t rounded = (size + kAlignment - 1) / kAlignment * kAlignment;
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      for (auto block = waiting_.begin(); block != waiting_.end(); ++block)
        if (block->size >= size && block->size - size <= size / 4) {
          const Block taken = *block;
          waiting_.erase(block);
          kept_ -= taken.size;
          used_ += taken.size;
          return taken;
        }
      used_ += rounded;
      most_used_ = std::max(most_used_, used_);
      release();
    }
    try {
      return {map_aligned(rounded), rounded};
    } catch (const std::bad_alloc&) {
      const std::lock_guard<std::mutex> lock(mutex_);
      used_ -= rounded;
      throw;
    }
  }

  void give_back(const Block& block) {
    const std::lock_guard<std::mutex> lock(mutex_);
    waiting_.push_front(block);
    kept_ += block.size;
    used_ -= block.size;
    release();
  }

 private:
  /// Those that waited longest go.
  void release() {
    while (!waiting_.empty() && (kept_ > kKeptBytes || used_ + kept_ > std::max(most_used_, kUsualBytes))) {
      ::munmap(waiting_.back().memory, waiting_.back().size);
      kept_ -= waiting_.back().size;
      waiting_.pop_back();
    }
  }

  std::mutex mutex_;
  std::list<Block> waiting_;
  size_t kept_ = 0, used_ = 0, most_used_ = 0;  // bytes: waiting_'s, those in use, the most of these so far
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
