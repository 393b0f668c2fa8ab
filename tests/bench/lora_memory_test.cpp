// What the making of a LoRA's variant takes beside it, of a model and a file that lora_memory_test.py has made.

#include <malloc.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>

#include "core/base/heap.h"
#include "core/base/machine_memory.h"
#include "core/host/lora_set.h"
#include "tests/host/models.h"
#include "tests/support/catch.h"

using namespace alice;
using namespace alice::test;

namespace {

/// The most that this process had resident since the last forget_peak() (proc(5)); bytes.
int64_t peak() {
  std::ifstream status("/proc/self/status");
  for (std::string word; status >> word;)
    if (word == "VmHWM:") {
      int64_t kilobytes = 0;
      status >> kilobytes;
      return kilobytes * 1024;
    }
  throw std::runtime_error("/proc/self/status says nothing of VmHWM");
}

void forget_peak() { std::ofstream("/proc/self/clear_refs") << "5"; }

std::string given(const char* name) {
  const char* const value = std::getenv(name);
  return value == nullptr ? "" : value;
}

}  // namespace

TEST_CASE("a LoRA's variant is made beside little more than one weight", "[.lora-memory]") {
  constexpr double kMostAbove = 400e6;  // bytes, over the model, the finished variant and the mapped files
  constexpr double kMegabyte = 1e6, kPacked = 1.25;  // of some weights a backend makes larger ones
  keep_freed_memory();                               // as in a worker
  const std::string plugin = given("ALICE_TEST_BACKEND"), dtype = given("ALICE_TEST_DTYPE"),
                    file = given("ALICE_TEST_LORA"), model = given("ALICE_TEST_MODEL");
  REQUIRE_FALSE(file.empty());
  HostConfig config;
  config.backends["one"] = {plugin, {{"dtype", dtype}}, json_places("test")};
  config.default_backend = "one";
  Composer composer(config, built_in_registry());
  const auto plain = composer.compose(model, /*paths_allowed=*/true);
  ::malloc_trim(0);
  const int64_t base = own_memory();
  forget_peak();
  const auto variant = apply_loras(*built_in_registry(), *plain, {{"all", file, 0.5, 0.5}});
  const int64_t most = peak();
  ::malloc_trim(0);
  const int64_t own = own_memory(), mapped = resident_memory() - own;
  const auto above = static_cast<double>(most - mapped - own);
  std::printf("%-8s %-8s", plugin.c_str(), dtype.c_str());
  for (const int64_t bytes : {base, own - base, mapped, most, most - mapped - own})
    std::printf("%9.0f", static_cast<double>(bytes) / kMegabyte);
  std::printf("\n");
  CHECK(above < kMostAbove);
  const LoraReach reach = lora_reach(*built_in_registry(), *plain, {{"all", file, 0.5, 0.5}});
  const auto bytes = reach.changed * static_cast<int64_t>(c10::elementSize(plain->backend->dtype()));
  CHECK(static_cast<double>(own - base) < kPacked * static_cast<double>(bytes));  // nothing else is kept
}
