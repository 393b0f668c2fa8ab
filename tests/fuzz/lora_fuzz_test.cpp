// LoRA files with every byte of their header changed, through every format.

#include "core/base/safetensors_header.h"
#include "core/io/safetensors_file.h"
#include "core/io/safetensors_writer.h"
#include "tests/fuzz/mutants.h"
#include "tests/loras/lora_formats.h"
#include "tests/support/temp_folder.h"

using namespace alice;
using namespace alice::test;

namespace {

/// Reads a file through every format that recognises it, and makes every change. Gives the number of patches.
size_t read_lora(const std::filesystem::path& path) {
  const auto file = SafetensorsFile::open(path);
  const auto targets = small_model();
  size_t patches = 0;
  for (const LoraFormatFactory* factory : low_rank_plugin().all<LoraFormatFactory>()) {
    const auto format = factory->create({});
    if (!format->recognises(file->index())) continue;
    const LoraRecognition recognition = format->read(*file, targets);
    for (const Fault& fault : recognition.faults)
      if (fault.sentence.empty()) FAIL("a fault without a sentence");
    for (const LoraPatch& patch : recognition.patches)
      patches += format->change(*file, patch, at::zeros(targets.at(patch.target).shape)).defined();
  }
  return patches;
}

void check_every_change(const std::map<std::string, Tensor>& tensors) {
  const TempFolder folder;
  write_safetensors(folder / "good", tensors);
  REQUIRE(read_lora(folder / "good") == 1);
  const std::string original = bytes_of(folder / "good");
  const size_t header = original.find("}}") + 2;
  size_t read = 0, turn = 0;
  each_changed_byte(original, header, [&](const std::string& mutant) {
    if (!reads_or_tells([&] { parse_safetensors_header(mutant, mutant.size(), "mutant"); })) return;
    if (turn++ % 7 != 0) return;  // most of them differ in one letter of a name: some of each place will do
    read += reads_or_tells([&] { read_lora(folder.write("mutant", mutant)); });
  });
  CHECK(read > 0);
}

}  // namespace

TEST_CASE("every change of a LoRA's header is refused, a fault, or a LoRA") {
  check_every_change({{"lora_unet_conv_in.lora_up.weight", at::ones({5, 2, 1, 1})},
                      {"lora_unet_conv_in.lora_down.weight", at::ones({2, 3, 3, 3})},
                      {"lora_unet_conv_in.alpha", at::scalar_tensor(1.0)}});
  check_every_change(
      {{"unet.conv_in.lora_A.weight", at::ones({2, 3, 3, 3})}, {"unet.conv_in.lora_B.weight", at::ones({5, 2, 1, 1})}});
  check_every_change({{"unet.conv_in.lora.down.weight", at::ones({2, 3, 3, 3})},
                      {"unet.conv_in.lora.up.weight", at::ones({5, 2, 1, 1})}});
}

TEST_CASE("a LoRA of numbers that are not finite is refused") {
  const TempFolder folder;
  for (const double bad : {std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity()}) {
    write_safetensors(folder / "x", {{"lora_unet_conv_in.lora_up.weight", at::full({5, 2, 1, 1}, bad)},
                                     {"lora_unet_conv_in.lora_down.weight", at::ones({2, 3, 3, 3})}});
    CHECK_FALSE(reads_or_tells([&] { read_lora(folder / "x"); }));
  }
}
