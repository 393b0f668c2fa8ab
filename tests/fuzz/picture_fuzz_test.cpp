// Changes and cuts of small JPEG and WebP files, and of PNG files with what pictures of strangers have. (Every single
// change of a PNG: png_fuzz_test.cpp.)

#include <algorithm>
#include <cstdlib>
#include <random>

#include "core/io/pictures.h"
#include "tests/fuzz/mutants.h"
#include "tests/support/temp_folder.h"

using namespace alice;
using namespace alice::test;

namespace {

const char* const kFiles[] = {"half-colours.jpg", "progressive.jpg", "grey.jpg",   "inks-profile.jpg", "turned-5.jpg",
                              "profile.jpg",      "lossy.webp",      "alpha.webp", "lossless.webp",    "profile.webp",
                              "turned.webp",      "interlaced.png",  "turned.png"};

std::string file(const std::string& name) {
  return bytes_of(std::filesystem::path(ALICE_TEST_DATA) / "pictures" / name);
}

bool is_long() { return std::getenv("ALICE_LONG") != nullptr; }

/// What is read has pixels of a size that the file may say; and nothing is set aside for more.
void read_small(const std::string& bytes) {
  PictureLimits limits;
  limits.pixels = 1 << 16;
  limits.profile_bytes = 1 << 16;
  const Picture picture = read_picture(bytes, "mutant", limits);
  if (picture.rgb.numel() > 3 * limits.pixels || picture.rgb.size(2) != 3) FAIL("pixels of an odd shape");
}

}  // namespace

TEST_CASE("a picture with any byte changed is read, or refused with a sentence") {
  const int step = is_long() ? 1 : 255;
  for (const std::string name : kFiles) {
    const bool is_slow = name.find("profile") != std::string::npos;  // Little CMS makes tables: 1 to 20 ms
    if (is_slow && !is_long()) continue;
    INFO(name);
    std::string mutant = file(name);
    for (size_t at = 0; at < mutant.size(); ++at) {
      const char original = mutant[at];
      for (int value = 0; value < 256; value += step) {
        mutant[at] = static_cast<char>(value);
        reads_or_tells([&] { read_small(mutant); });
      }
      mutant[at] = static_cast<char>(original ^ 1);
      reads_or_tells([&] { read_small(mutant); });
      mutant[at] = original;
    }
  }
}

TEST_CASE("a picture that is cut at any byte is refused") {
  for (const char* name : kFiles) {
    INFO(name);
    each_cut(file(name), [](const std::string& cut) { CHECK_FALSE(reads_or_tells([&] { read_small(cut); })); });
  }
}

TEST_CASE("pictures with many changes, and pieces of one in another, are read or refused with a sentence") {
  std::mt19937 random(7);
  const auto below = [&](size_t n) { return static_cast<size_t>(random() % n); };
  for (int round = is_long() ? 200000 : 1000; round > 0; --round) {
    std::string mutant = file(kFiles[below(std::size(kFiles))]);
    for (size_t changes = 1 + below(6); changes > 0; --changes) {
      const size_t at = below(mutant.size());
      const size_t size = std::min(mutant.size() - at, 1 + below(40));
      const std::string other = file(kFiles[below(std::size(kFiles))]);
      const size_t from = below(other.size());
      switch (below(4)) {
        case 0: mutant[at] = static_cast<char>(random()); break;
        case 1: mutant.erase(at, size); break;
        case 2: mutant.insert(at, other.substr(from, size)); break;
        default: mutant.replace(at, size, other.substr(from, size)); break;
      }
      if (mutant.empty()) break;
    }
    reads_or_tells([&] { read_small(mutant); });
  }
}
