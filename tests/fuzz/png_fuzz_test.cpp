// Every single change of a small PNG.

#include <cstdlib>

#include "core/io/images.h"
#include "tests/fuzz/mutants.h"

using namespace alice;
using namespace alice::test;

namespace {

Png small_picture() {
  Png png;
  png.image = at::arange(3 * 4 * 3).mul(7).to(at::kByte).reshape({3, 4, 3});
  png.texts = {{"parameters", "a cat"}, {"alice", "{\"x\":\"\u20ac\"}"}};
  return png;
}

}  // namespace

TEST_CASE("every byte of a small PNG changed to every value is refused: each byte is under a checksum") {
  const std::string original = encode_png(small_picture());
  size_t accepted = 0;
  each_changed_byte(original, original.size(), [&](const std::string& mutant) {
    accepted += reads_or_tells([&] { decode_png(mutant, "mutant"); });
  });
  CHECK(accepted == 0);
}

TEST_CASE("a PNG that is cut at any byte and changed at another is refused, and no length in it is believed") {
  const std::string original = encode_png(small_picture());
  const bool every = std::getenv("ALICE_LONG") != nullptr;
  const int step = every ? 1 : 51;  // 255 = 5 * 51: the greatest and least values are among the others
  size_t turn = 0;
  each_cut(original, [&](const std::string& cut) {
    if (!every && turn++ % 3 != 0) return;
    std::string mutant = cut;
    for (size_t at = 0; at < cut.size(); ++at) {
      for (int value = 0; value < 256; value += step) {
        mutant[at] = static_cast<char>(value);
        if (reads_or_tells([&] { decode_png(mutant, "mutant"); })) FAIL("read at " << cut.size() << ", " << at);
      }
      mutant[at] = cut[at];
    }
  });
}

TEST_CASE("a PNG that is cut at any byte is refused") {
  each_cut(encode_png(small_picture()),
           [](const std::string& cut) { CHECK_FALSE(reads_or_tells([&] { decode_png(cut, "cut"); })); });
}
