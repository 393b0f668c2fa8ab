#pragma once
// Work over the threads of oneDNN and libtorch: OpenMP's one pool.

#include <cstdint>
#include <functional>

namespace alice::onednn {

/// body(k) for each k below `count`, on as many threads as the caller may use; which one does which is open. Within a
/// task all on its own thread. Returns when all are done. What body throws is thrown again, one of several; the other
/// tasks are done all the same.
void each_task(int64_t count, const std::function<void(int64_t)>& body);

/// body(), in which the calling thread may use `threads` threads.
void with_threads(int threads, const std::function<void()>& body);

/// Who uses a thread's scratch: oneDNN while it runs a primitive, or a task around that.
enum class Scratch { library, task };

/// `bytes` of the calling thread's own memory, 64-byte aligned, its content undefined; valid until the thread's next
/// call for the same use. Grows to what was largest.
void* thread_scratch(Scratch use, int64_t bytes);

}  // namespace alice::onednn
