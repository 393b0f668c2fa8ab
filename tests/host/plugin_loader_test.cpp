#include "core/host/plugin_loader.h"

#include <cstdlib>
#include <filesystem>

#include "core/api/plugin.h"
#include "tests/support/errors.h"
#include "tests/support/temp_folder.h"

using namespace alice;
using namespace alice::test;

namespace {

std::filesystem::path sample(const std::string& name) {
  return std::filesystem::path(ALICE_BUILD_DIR) / "tests/plugins" / (name + ".so");
}

/// Loads `file`, which must be refused before any code of it has run.
Error refused_unrun(const std::filesystem::path& file) {
  const TempFolder folder;
  const auto marker = folder / "the-library-has-run";
  setenv("ALICE_TEST_MARKER", marker.c_str(), 1);
  const Error error = error_of([&] { load_plugin(file); });
  unsetenv("ALICE_TEST_MARKER");
  CHECK_FALSE(std::filesystem::exists(marker));
  return error;
}

}  // namespace

TEST_CASE("a sound library is loaded and says who it is") {
  const PluginEntry& entry = load_plugin(sample("counting-backend"));
  CHECK(std::string(entry.id) == "counting");
  CHECK(std::string(entry.version) == "1.0.0");
}

TEST_CASE("a library of another ABI is refused unrun, and the sentence names both sides and the cure") {
  const Error error = refused_unrun(sample("other_abi"));
  CHECK(error.code() == ErrorCode::unsupported);
  CHECK(says(error.sentence(), "SDK 2, libtorch 9.99, C++ ABI cxx03"));
  CHECK(says(error.sentence(), "this ALICE is SDK " + std::to_string(ALICE_SDK_MAJOR) + ", libtorch " +
                                   std::to_string(TORCH_VERSION_MAJOR) + "." + std::to_string(TORCH_VERSION_MINOR)));
  CHECK(says(error.sentence(), "rebuild"));
}

TEST_CASE("a library without an entry is refused unrun, and the sentence names the symbol that it lacks") {
  const Error error = refused_unrun(sample("no_entry"));
  CHECK(says(error.sentence(), host_entry_symbol()));
}

TEST_CASE("a library that needs a missing symbol is refused unrun, and the sentence names the symbol") {
  CHECK(says(refused_unrun(sample("missing-symbol")).sentence(), "a_function_that_nobody_has"));
}

TEST_CASE("a library of a later SDK is refused, and the sentence names both versions") {
  const Error error = error_of([] { load_plugin(sample("newer-minor")); });
  CHECK(says(error.sentence(), std::to_string(ALICE_SDK_MAJOR) + "." + std::to_string(ALICE_SDK_MINOR + 1)));
  CHECK(says(error.sentence(), std::to_string(ALICE_SDK_MAJOR) + "." + std::to_string(ALICE_SDK_MINOR)));
}

TEST_CASE("what is no library at all is refused") {
  const TempFolder folder;
  CHECK(says(error_of([&] { load_plugin(folder.write("text.so", "just words")); }).sentence(), "no shared library"));
  CHECK(says(error_of([&] { load_plugin(folder.write("empty.so", "")); }).sentence(), "no shared library"));
  CHECK(error_of([&] { load_plugin(folder / "absent.so"); }).code() == ErrorCode::not_found);
  CHECK(error_of([&] { load_plugin(folder.path()); }).code() == ErrorCode::not_found);
}

TEST_CASE("a library that is cut short anywhere is refused") {
  const TempFolder folder;
  const std::string whole = bytes_of(sample("counting-backend"));
  for (size_t size : {size_t{4}, size_t{20}, size_t{64}, size_t{1000}, whole.size() / 2, whole.size() - 100}) {
    INFO("cut to " << size << " of " << whole.size());
    CHECK(error_of([&] { load_plugin(folder.write("cut.so", whole.substr(0, size))); }).code() ==
          ErrorCode::unsupported);
  }
}
