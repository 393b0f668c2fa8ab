#include "sdk/check/process_state.h"

#include <malloc.h>

#include <chrono>
#include <filesystem>
#include <iterator>
#include <thread>

namespace alice::check {
namespace {

constexpr auto kPatience = std::chrono::seconds(3);
constexpr auto kPause = std::chrono::milliseconds(10);

size_t entries_of(const char* folder) {
  const std::filesystem::directory_iterator entries(folder);
  return static_cast<size_t>(std::distance(begin(entries), end(entries)));
}

}  // namespace

ProcessState ProcessState::now() {
  const struct mallinfo2 heap = mallinfo2();
  return {entries_of("/proc/self/task"), entries_of("/proc/self/fd"), heap.uordblks + heap.hblkhd};
}

const ProcessState& ProcessState::at_start() {
  static const ProcessState state = now();
  return state;
}

std::string ProcessState::what_is_left() const {
  const auto limit = std::chrono::steady_clock::now() + kPatience;
  ProcessState after = now();
  while ((after.threads > threads || after.files > files) && std::chrono::steady_clock::now() < limit) {
    std::this_thread::sleep_for(kPause);
    after = now();
  }
  if (after.threads > threads) return std::to_string(after.threads - threads) + " more threads run than before";
  if (after.files > files) return std::to_string(after.files - files) + " more files are open than before";
  return "";
}

}  // namespace alice::check
