#include "sdk/check/callers.h"

#include <ATen/Parallel.h>
#include <c10/core/InferenceMode.h>

#include <exception>
#include <thread>
#include <vector>

namespace alice::check {

void call_at_once(size_t count, const std::function<void(size_t)>& action) {
  const int torch_threads = at::get_num_threads();
  std::vector<std::exception_ptr> thrown(count);
  std::vector<std::thread> callers;
  for (size_t i = 0; i < count; ++i)
    callers.emplace_back([&, i] {
      const c10::InferenceMode no_gradients;
      try {
        at::set_num_threads(torch_threads);
        action(i);
      } catch (...) {
        thrown[i] = std::current_exception();
      }
    });
  for (std::thread& caller : callers) caller.join();
  for (const std::exception_ptr& exception : thrown)
    if (exception) std::rethrow_exception(exception);
}

}  // namespace alice::check
