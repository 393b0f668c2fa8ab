// The five golden files against the tiny model that they were made for.

#include <algorithm>
#include <set>

#include "core/io/model_files.h"
#include "core/io/safetensors_file.h"
#include "tests/loras/lora_formats.h"

using namespace alice;
using namespace alice::test;

namespace {

const std::string kGoldens = ALICE_TEST_DATA "/goldens";

Json golden_cases() { return read_json_file(kGoldens + "/lora/lora.json")["cases"]; }

/// diffusers name -> LDM name, for the weights that are one tensor in both.
std::map<std::string, std::string> ldm_names() {
  std::map<std::string, std::string> names;
  const Json keymap = read_json_file(ALICE_TEST_DATA "/names/keymap_sd15.json");
  for (const auto& entry : keymap["ldm_from_diffusers"].items())
    if (entry.value().size() == 1) names[entry.value()[0].get<std::string>()] = entry.key();
  return names;
}

/// Every parameter of the tiny model. Its blocks are those of the full-size one, so the LDM names are too.
std::vector<LoraTarget> tiny_targets() {
  const StoredModel model = open_model(kGoldens + "/models/tiny_sd15");
  const auto ldm = ldm_names();
  const std::string container = "model.diffusion_model.";
  std::vector<LoraTarget> targets;
  for (const char* part : {"unet", "text_encoder"}) {
    for (const auto& [name, info] : model.parts.at(part).weights->index().tensors) {
      const auto alias = ldm.find(std::string(part) + "/" + name);
      const std::string original = alias == ldm.end() ? "" : alias->second;
      const bool is_of_unet = original.compare(0, container.size(), container) == 0;
      targets.push_back({part, name, is_of_unet ? original.substr(container.size()) : "", info.shape});
    }
  }
  return targets;
}

size_t patches_of(const LoraRecognition& recognition, const std::vector<LoraTarget>& targets, const std::string& part) {
  return static_cast<size_t>(std::count_if(recognition.patches.begin(), recognition.patches.end(),
                                           [&](const LoraPatch& patch) { return part_of(patch, targets) == part; }));
}

/// The format that each file must be recognised as.
const std::map<std::string, std::string> kFormats = {{"kohya_linear", "kohya"},
                                                     {"kohya_locon", "kohya"},
                                                     {"kohya_noalpha", "kohya"},
                                                     {"peft", "peft"},
                                                     {"diffusers_old", "diffusers_old"}};

}  // namespace

TEST_CASE("each golden LoRA is recognised by one format, and every tensor finds its module") {
  const auto targets = tiny_targets();
  const Json cases = golden_cases();
  REQUIRE(cases.size() == kFormats.size());
  for (const Json& golden : cases) {
    const std::string name = golden["name"];
    INFO(name);
    const auto file = SafetensorsFile::open(kGoldens + "/lora/" + name + ".safetensors");
    REQUIRE(recognisers(file->index()) == std::vector<std::string>{kFormats.at(name)});
    const LoraRecognition recognition = lora_format(kFormats.at(name))->read(*file, targets);
    for (const Fault& fault : recognition.faults) FAIL_CHECK(fault.sentence);
    CHECK(patches_of(recognition, targets, "unet") == golden["unet_modules"].get<size_t>());
    CHECK(patches_of(recognition, targets, "text_encoder") == golden["text_modules"].get<size_t>());
    CHECK(recognition.description.find("rank 2") != std::string::npos);

    std::set<std::string> used;
    for (const LoraPatch& patch : recognition.patches) {
      for (const auto& tensor : patch.tensors) used.insert(tensor.second);
      CHECK(patch.tensors.size() == 2);
      CHECK(patch.scale == golden["alpha"].get<double>() / golden["rank"].get<double>());
    }
    const auto alphas =
        std::count_if(file->index().tensors.begin(), file->index().tensors.end(), [](const auto& entry) {
          return entry.first.size() > 6 && entry.first.substr(entry.first.size() - 6) == ".alpha";
        });
    CHECK(used.size() + static_cast<size_t>(alphas) == golden["tensors"].get<size_t>());
  }
}

TEST_CASE("the golden LoRAs' changes are alpha / rank times up times down") {
  const auto targets = tiny_targets();
  const Json cases = golden_cases();
  for (const Json& golden : cases) {
    const std::string name = golden["name"];
    INFO(name);
    const auto file = SafetensorsFile::open(kGoldens + "/lora/" + name + ".safetensors");
    const auto format = lora_format(kFormats.at(name));
    for (const LoraPatch& patch : format->read(*file, targets).patches) {
      const std::vector<int64_t>& shape = targets.at(patch.target).shape;
      const Tensor delta = format->change(*file, patch, at::zeros(shape));
      const Tensor up = file->tensor(patch.tensors.at("up")).to(at::kDouble).flatten(1),
                   down = file->tensor(patch.tensors.at("down")).to(at::kDouble).flatten(1);
      const Tensor expected =
          (up.matmul(down) * golden["alpha"].get<double>() / golden["rank"].get<double>()).reshape(shape);
      REQUIRE(delta.scalar_type() == at::kFloat);
      REQUIRE(delta.sizes() == at::IntArrayRef(shape));
      // Products of two numbers each, in float32.
      const double largest = expected.abs().max().item<double>();
      CHECK((delta.to(at::kDouble) - expected).abs().max().item<double>() <= 4e-7 * largest);
    }
  }
}

TEST_CASE("a kohya file with the original layout's names finds the same modules") {
  const auto targets = tiny_targets();
  const auto file = SafetensorsFile::open(kGoldens + "/lora/kohya_locon.safetensors");
  const auto format = lora_format("kohya");
  const auto underscored = [](std::string name) {
    name = name.substr(0, name.rfind(".weight"));
    std::replace(name.begin(), name.end(), '.', '_');
    return name;
  };
  std::map<std::string, std::string> original;  // lora_unet_<diffusers> -> lora_unet_<LDM>
  for (const LoraTarget& target : targets)
    if (target.part == "unet" && target.shape.size() > 1) {
      REQUIRE(target.alias != "");
      original["lora_unet_" + underscored(target.parameter)] = "lora_unet_" + underscored(target.alias);
    }
  std::map<std::string, Tensor> renamed;
  for (const auto& [name, info] : file->index().tensors) {
    const size_t dot = name.find('.');
    renamed[original.at(name.substr(0, dot)) + name.substr(dot)] = file->tensor(name);
  }
  const MemoryWeights renamed_file(renamed);
  CHECK(recognisers(renamed_file.index()) == std::vector<std::string>{"kohya"});
  const LoraRecognition before = format->read(*file, targets), after = format->read(renamed_file, targets);
  CHECK(after.faults.empty());
  REQUIRE(after.patches.size() == before.patches.size());
  std::set<std::string> modules_before, modules_after;
  for (const LoraPatch& patch : before.patches) modules_before.insert(module_of(patch, targets));
  for (const LoraPatch& patch : after.patches) modules_after.insert(module_of(patch, targets));
  CHECK(modules_before == modules_after);
}
