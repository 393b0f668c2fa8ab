#include "core/io/weight_files.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <set>
#include <string_view>

#include "core/base/text.h"

namespace alice {
namespace {

constexpr const char* kBases[] = {"diffusion_pytorch_model", "model"};
constexpr std::string_view kWhole = ".safetensors", kIndex = ".safetensors.index.json";
constexpr std::array<const char*, 4> kPreferred = {"", "fp16", "bf16", "fp32"};

bool is_pickle(const std::string& name) {
  for (const char* end : {".bin", ".ckpt", ".pt", ".pth"})
    if (ends_with(name, end)) return true;
  return false;
}

/// The spellings of an index's name: today's, and diffusers' older one for variants.
std::vector<std::string> index_names(const std::string& base, const std::string& variant) {
  if (variant.empty()) return {base + std::string(kIndex)};
  return {base + ".safetensors.index." + variant + ".json", base + ".safetensors." + variant + ".index.json"};
}

/// What stands between `begin` and `end` in `name`: "" when it is not so made, or more than one word.
std::string between(const std::string& name, const std::string& begin, std::string_view end) {
  if (name.size() <= begin.size() + end.size() || name.rfind(begin, 0) != 0 || !ends_with(name, end)) return "";
  const std::string word = name.substr(begin.size(), name.size() - begin.size() - end.size());
  const bool is_word =
      std::all_of(word.begin(), word.end(), [](unsigned char c) { return std::isalnum(c) || c == '_'; });
  return is_word ? word : "";
}

/// The variant that a file's name bears; "" for none.
std::string variant_of(const std::string& name) {
  for (const std::string base : kBases) {
    std::string variant = between(name, base + ".", kWhole);
    if (variant.empty()) variant = between(name, base + ".safetensors.index.", ".json");
    if (variant.empty()) variant = between(name, base + ".safetensors.", ".index.json");
    if (!variant.empty()) return variant;
  }
  return "";
}

}  // namespace

WeightFiles weights_of_variant(const FilesByName& files, const std::string& variant) {
  for (const std::string base : kBases) {
    const auto whole = files.find(base + (variant.empty() ? "" : "." + variant) + std::string(kWhole));
    if (whole != files.end()) return {whole->second, false};
    for (const std::string& name : index_names(base, variant))
      if (const auto index = files.find(name); index != files.end()) return {index->second, true};
  }
  return {};
}

std::vector<std::string> variants_in(const FilesByName& files) {
  std::set<std::string> found;
  for (const auto& [name, file] : files) found.insert(variant_of(name));
  std::vector<std::string> variants;
  for (const char* preferred : kPreferred)
    if (found.erase(preferred) > 0 && weights_of_variant(files, preferred).is_there()) variants.push_back(preferred);
  variants.insert(variants.end(), found.begin(), found.end());
  return variants;
}

bool holds_weights(const std::string& name) {
  return ends_with(name, kWhole) || name.find(".safetensors.") != std::string::npos || is_pickle(name) ||
         ends_with(name, ".onnx") || ends_with(name, ".msgpack") || ends_with(name, ".gguf");
}

OtherFormat other_format_in(const FilesByName& files) {
  constexpr const char* kTake = ", which is not supported: take the model's safetensors files instead";
  if (files.count("openvino_model.xml") + files.count("openvino_model.bin") > 0)
    return {"openvino_model.xml", std::string("is OpenVINO's form of the model") + kTake};
  for (const auto& [name, file] : files)
    if (ends_with(name, ".onnx")) return {name, std::string("is ONNX's form of the model") + kTake};
  for (const auto& [name, file] : files)
    if (is_pickle(name))
      return {name,
              "is a pickle, which can run code when it is read: convert the model to safetensors (diffusers' "
              "save_pretrained writes it)"};
  for (const auto& [name, file] : files) {
    if (ends_with(name, ".msgpack")) return {name, std::string("is Flax' form of the model") + kTake};
    if (ends_with(name, ".gguf")) return {name, std::string("is GGUF's form of the model") + kTake};
  }
  return {};
}

}  // namespace alice
