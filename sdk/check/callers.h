#pragma once
// Several threads that call the plugin at the same time.

#include <cstddef>
#include <functional>

namespace alice::check {

/// Calls action(0) ... action(count - 1), each in a thread of its own with this thread's number of libtorch threads.
/// Throws the first exception that one of them threw, after all have ended.
void call_at_once(size_t count, const std::function<void(size_t)>& action);

}  // namespace alice::check
