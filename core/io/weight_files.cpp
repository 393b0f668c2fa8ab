#include "core/io/weight_files.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <set>
#include <string_view>

#include "core/base/tensor_files.h"
#include "core/base/text.h"

namespace alice {
namespace {

/// What a form's files are called: one of two bases, and the ending.
struct Names {
  std::array<const char*, 2> bases;
  std::string ending;
};
const Names& names_of(WeightForm form) {
  static const Names safetensors{{"diffusion_pytorch_model", "model"}, ".safetensors"},
      pickles{{"diffusion_pytorch_model", "pytorch_model"}, ".bin"};
  return form == WeightForm::safetensors ? safetensors : pickles;
}

constexpr std::array<const char*, 4> kPreferred = {"", "fp16", "bf16", "fp32"};

/// The spellings of an index's name: today's, and diffusers' older one for variants.
std::vector<std::string> index_names(const std::string& whole, const std::string& variant) {
  if (variant.empty()) return {whole + ".index.json"};
  return {whole + ".index." + variant + ".json", whole + "." + variant + ".index.json"};
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
std::string variant_of(const std::string& name, const Names& names) {
  for (const std::string base : names.bases) {
    std::string variant = between(name, base + ".", names.ending);
    if (variant.empty()) variant = between(name, base + names.ending + ".index.", ".json");
    if (variant.empty()) variant = between(name, base + names.ending + ".", ".index.json");
    if (!variant.empty()) return variant;
  }
  return "";
}

}  // namespace

WeightFiles weights_of_variant(const FilesByName& files, WeightForm form, const std::string& variant) {
  const Names& names = names_of(form);
  for (const std::string base : names.bases) {
    const auto whole = files.find(base + (variant.empty() ? "" : "." + variant) + names.ending);
    if (whole != files.end()) return {whole->second, false};
    for (const std::string& name : index_names(base + names.ending, variant))
      if (const auto index = files.find(name); index != files.end()) return {index->second, true};
  }
  return {};
}

std::vector<std::string> variants_in(const FilesByName& files, WeightForm form) {
  std::set<std::string> found;
  for (const auto& [name, file] : files) found.insert(variant_of(name, names_of(form)));
  std::vector<std::string> variants;
  for (const char* preferred : kPreferred)
    if (found.erase(preferred) > 0 && weights_of_variant(files, form, preferred).is_there())
      variants.push_back(preferred);
  variants.insert(variants.end(), found.begin(), found.end());
  return variants;
}

bool holds_weights(const std::string& name) {
  for (const char* part : {".safetensors.", ".bin.index."})
    if (name.find(part) != std::string::npos) return true;
  return !without_tensor_ending(name).empty() || ends_with(name, ".onnx") || ends_with(name, ".msgpack");
}

OtherFormat other_format_in(const FilesByName& files) {
  constexpr const char* kTake = ", which is not supported: take the model's safetensors files instead";
  if (files.count("openvino_model.xml") + files.count("openvino_model.bin") > 0)
    return {"openvino_model.xml", std::string("is OpenVINO's form of the model") + kTake};
  for (const auto& [name, file] : files)
    if (ends_with(name, ".onnx")) return {name, std::string("is ONNX's form of the model") + kTake};
  for (const auto& [name, file] : files)
    if (ends_with(name, ".msgpack")) return {name, std::string("is Flax' form of the model") + kTake};
  return {};
}

}  // namespace alice
