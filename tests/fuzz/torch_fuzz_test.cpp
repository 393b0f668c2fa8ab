// Changes of files that torch.save wrote, and of smaller ones: whatever is accepted lies within its file, and nothing
// else happens than an error with a sentence.

#include <cstdlib>
#include <random>

#include "core/io/open_tensors.h"
#include "core/io/torch_container.h"
#include "tests/fuzz/mutants.h"
#include "tests/support/temp_folder.h"
#include "tests/support/torch_bytes.h"

using namespace alice;
using namespace alice::test;

namespace {

const std::string kCheckpoints = ALICE_TEST_DATA "/checkpoints/";

std::string small_pickle(bool is_legacy) {
  const std::string storage = pickled_storage("0", 4, "FloatStorage", is_legacy);
  return pickle_of(pickled_dict({{"a", pickled_tensor(storage, 0, {2, 2}, {1, 2})}, {"n", pickled(1)}}));
}
const std::string kData = "0123456789abcdef";
std::string small_zip() { return torch_zip(small_pickle(false), {{"0", kData}}); }
std::string small_legacy() { return torch_legacy(small_pickle(true), {{"0", kData}}); }

using Read = TorchContainer (*)(std::string_view, const std::string&);

/// Reads a file in memory; whatever it accepts must lie within it.
bool reads_within(Read read, const std::string& file) {
  return reads_or_tells([&] {
    const TorchContainer container = read(file, "mutant");
    for (const auto& [name, tensor] : container.contents.tensors) {
      const ZipEntry& storage = container.storages.at(tensor.storage);
      CHECK(storage.begin + storage.packed <= file.size());
      CHECK(tensor.first <= std::max(tensor.behind, tensor.first));
      CHECK(tensor.behind * tensor.element_bytes <= storage.size);
      CHECK(name.size() <= 1000);
    }
  });
}

void read_all(const std::filesystem::path& path) {
  const auto source = open_tensors(path).weights;
  for (const auto& [name, info] : source->index().tensors)
    if (info.dtype != DType::other) source->tensor(name).clone();
}

}  // namespace

TEST_CASE("every byte of a small checkpoint changed to every value is refused, or lies within the file") {
  const auto try_all = [](Read read, const std::string& original) {
    REQUIRE(reads_within(read, original));
    size_t accepted = 0;
    each_changed_byte(original, original.size(),
                      [&](const std::string& mutant) { accepted += reads_within(read, mutant); });
    CHECK(accepted > 255 * kData.size());         // the numbers themselves, dates, checksums
    CHECK(accepted < 255 * original.size() / 2);  // most of it means something
  };
  try_all(read_torch_zip, small_zip());
  try_all(read_torch_legacy, small_legacy());
}

TEST_CASE("a checkpoint that is cut at any byte is refused") {
  each_cut(small_zip(), [](const std::string& cut) { CHECK_FALSE(reads_within(read_torch_zip, cut)); });
  each_cut(small_legacy(), [](const std::string& cut) { CHECK_FALSE(reads_within(read_torch_legacy, cut)); });
}

TEST_CASE("several changes of a pickle at once do nothing but be refused, or lie within the file") {
  // Opcodes and pieces of a checkpoint's pickle, put where they do not belong.
  const std::string tensor = pickled_tensor(pickled_storage("0", 4), 0, {4}, {1});
  const std::vector<std::string> pieces = {"(",
                                           ")",
                                           "]",
                                           "}",
                                           "t",
                                           "e",
                                           "u",
                                           "s",
                                           "a",
                                           "R",
                                           "b",
                                           "Q",
                                           "0",
                                           "1",
                                           "2",
                                           ".",
                                           "N",
                                           "l",
                                           "d",
                                           "\x81",
                                           "\x85",
                                           "\x86",
                                           "\x87",
                                           "\x88",
                                           "\x8f",
                                           "\x90",
                                           "\x91",
                                           "\x93",
                                           "\x94",
                                           "h\x01",
                                           "q\x01",
                                           "j\x02\x03\x04\x05",
                                           "r\x01\x02\x03\x04",
                                           "I12\n",
                                           "L-3L\n",
                                           "F1.5\n",
                                           "S'x'\n",
                                           "Vx\n",
                                           "p5\n",
                                           "g5\n",
                                           "U\x01x",
                                           "C\x02xy",
                                           "K\x07",
                                           "M\x01\x02",
                                           "\x8a\x02xy",
                                           "\x8a\x09xyzxyzxyz",
                                           pickled(-1),
                                           pickled(1 << 30),
                                           pickled_text("state_dict"),
                                           pickled_text("storage"),
                                           pickled_storage("0", 4),
                                           pickled_storage("0", 16, "ByteStorage"),
                                           pickled_numbers({2, 2}),
                                           pickled_numbers({0, 1 << 30}),
                                           pickled_dict({{"b", "N"}}),
                                           tensor,
                                           pickled_global("torch._utils", "_rebuild_tensor_v2"),
                                           pickled_global("torch._utils", "_rebuild_parameter"),
                                           pickled_global("torch._tensor", "_rebuild_from_type_v2"),
                                           pickled_global("torch", "Size"),
                                           pickled_global("collections", "OrderedDict"),
                                           pickled_global("torch", "HalfStorage"),
                                           pickled_global("torch.nn.modules.container", "ParameterDict"),
                                           pickled_global("numpy", "dtype")};
  const std::string original = pickle_of(pickled_dict({{"state_dict", pickled_dict({{"a", tensor}, {"b", tensor}})}}));
  std::mt19937 random(11);
  const auto below = [&](size_t limit) { return std::uniform_int_distribution<size_t>(0, limit - 1)(random); };
  const size_t rounds = std::getenv("ALICE_LONG") != nullptr ? 2'000'000 : 30'000;
  size_t accepted = 0;
  for (size_t round = 0; round < rounds; ++round) {
    std::string pickle = original;
    for (size_t change = 1 + below(4); change-- > 0;) {
      const size_t at = 2 + below(pickle.size() - 2), length = below(std::min<size_t>(pickle.size() - at, 12) + 1);
      pickle.replace(at, below(2) * length, pieces[below(pieces.size())]);
    }
    accepted += reads_within(read_torch_zip, torch_zip(pickle, {{"0", kData}}));
  }
  CHECK(accepted > rounds / 1000);
  CHECK(accepted < rounds / 2);
}

TEST_CASE("real checkpoints with bytes changed, cut or doubled are read whole or refused") {
  const TempFolder folder;
  std::mt19937 random(13);
  const auto below = [&](size_t limit) { return std::uniform_int_distribution<size_t>(0, limit - 1)(random); };
  const size_t rounds = std::getenv("ALICE_LONG") != nullptr ? 200'000 : 500;
  for (const char* name : {"lightning_zip.ckpt", "lightning_legacy.ckpt", "odd_zip.pt", "odd_legacy.pt"}) {
    const std::string original = bytes_of(kCheckpoints + name);
    for (size_t round = 0; round < rounds; ++round) {
      std::string mutant = original;
      for (size_t change = 1 + below(4); change-- > 0;) mutant[below(mutant.size())] = static_cast<char>(below(256));
      if (below(4) == 0) mutant.resize(below(mutant.size()));
      if (below(8) == 0) mutant.insert(below(mutant.size() + 1), mutant.substr(below(mutant.size() + 1), below(200)));
      reads_or_tells([&] { read_all(folder.write("mutant", mutant)); });
    }
  }
}
