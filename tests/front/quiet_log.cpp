// A pass is silent. ALICE_TEST_LOG=1 shows the log of these tests.

#include <spdlog/spdlog.h>

#include <cstdlib>

namespace {

[[maybe_unused]] const bool kIsQuiet = [] {
  if (std::getenv("ALICE_TEST_LOG") == nullptr) spdlog::set_level(spdlog::level::off);
  return true;
}();

}  // namespace
