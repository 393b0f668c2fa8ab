#pragma once
// Work over the threads of oneDNN and libtorch: OpenMP's one pool.

#include <cstdint>
#include <functional>

namespace alice::onednn {

/// body(k) for each k below `count`, on as many threads as the caller may use; which one does which is open. Returns
/// when all are done. body must not throw.
void each_task(int64_t count, const std::function<void(int64_t)>& body);

/// `bytes` of the calling thread's own memory, 64-byte aligned, its content undefined; valid until the thread's next
/// call. Grows to what was largest.
void* thread_scratch(int64_t bytes);

}  // namespace alice::onednn
