#include "core/io/resample.h"

#include <cstdio>

#include "core/io/safetensors_file.h"
#include "tests/support/errors.h"

using namespace alice;
using namespace alice::test;

namespace {

const SafetensorsFile& pillow() {
  static const auto file = SafetensorsFile::open(std::string(ALICE_TEST_DATA) + "/resample/resample.safetensors");
  return *file;
}

/// "74x58" -> {74, 58}
std::pair<int64_t, int64_t> size_in(const std::string& name) {
  int width = 0, height = 0;
  std::sscanf(name.c_str() + name.rfind('_'), "_%dx%d", &width, &height);
  return {width, height};
}

}  // namespace

TEST_CASE("pictures and masks of another size, and blurred, are Pillow's, byte for byte") {
  const std::pair<const char*, Resampling> filters[] = {
      {"nearest_", Resampling::nearest}, {"bilinear_", Resampling::bilinear}, {"lanczos_", Resampling::lanczos}};
  int compared = 0;
  for (const auto& entry : pillow().index().tensors) {
    const std::string& name = entry.first;
    const Tensor source = pillow().tensor(name.rfind("mask", 0) == 0 ? "mask" : "picture");
    for (const auto& [filter, how] : filters) {
      if (name.find(filter) == name.npos) continue;
      INFO(name);
      const auto [width, height] = size_in(name);
      CHECK(resample(source, width, height, how).equal(pillow().tensor(name)));
      ++compared;
    }
    if (name.find("blur_") == name.npos) continue;
    INFO(name);
    CHECK(blur(source, std::stod(name.substr(name.rfind('_') + 1))).equal(pillow().tensor(name)));
    ++compared;
  }
  CHECK(compared == 2 * (3 * 7 + 7));
}

TEST_CASE("what is not changed is not computed") {
  const Tensor picture = pillow().tensor("picture");
  CHECK(resample(picture, 37, 29, Resampling::lanczos).is_same(picture));
  CHECK(blur(picture, 0).is_same(picture));
}
