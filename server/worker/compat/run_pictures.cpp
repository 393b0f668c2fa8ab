#include "server/worker/compat/run_pictures.h"

namespace alice {
namespace {

constexpr const char* kPictures = "inputs/pictures.safetensors";
constexpr const char* kInverse = "1-";
constexpr const char* kMask = "mask";  // of ours
constexpr double kWhite = 255;

/// As the reference was given it: [1, C, H, W], U8 from 0 to 255, or float from 0 to 1.
Tensor tensor_of(CompatRun& run, const GoldenTable& table, const std::string& name) {
  if (run.golden.has(kPictures))
    if (const SafetensorsFile& pictures = run.golden.tensors(kPictures); pictures.index().contains(name))
      return pictures.tensor(name);
  if (!table.tensors().index().contains(name)) throw Skip{"'" + name + "' is no picture that the golden has"};
  return table.tensors().tensor(name);
}

/// Of neither colours nor grey.
bool are_latents(const Tensor& tensor) {
  return tensor.dim() == 4 && tensor.size(0) == 1 && tensor.size(1) != 1 && tensor.size(1) != 3;
}

/// Float [H, W, 3] from 0 to 255.
Tensor levels_of(CompatRun& run, const GoldenTable& table, const std::string& name) {
  if (name.find(',') != std::string::npos) throw Skip{"several pictures in one argument are not built"};
  const bool is_inverse = name.rfind(kInverse, 0) == 0;
  const Tensor tensor = tensor_of(run, table, is_inverse ? name.substr(std::string(kInverse).size()) : name);
  if (tensor.dim() != 4 || tensor.size(0) != 1 || are_latents(tensor))
    throw Skip{"'" + name + "' of shape " + shape_text(tensor.sizes().vec()) + " is no picture"};
  Tensor levels = tensor[0].permute({1, 2, 0}).to(at::kFloat) * (tensor.is_floating_point() ? kWhite : 1);
  if (is_inverse) levels = kWhite - levels;
  return levels.expand({-1, -1, 3}).contiguous();
}

}  // namespace

Pixels RunPictures::read(const Settings& settings) const {
  std::vector<std::string> warnings;
  Pixels pixels = pixels_of(read_pictures(settings, warnings));
  if (exact.defined()) pixels.original = pixels.content = exact;
  return pixels;
}

std::map<std::string, std::string> inputs_of(const CompatRun& run, const Json& one) {
  using Inputs = std::map<std::string, std::string>;
  if (const auto named = one.find("tensors"); named != one.end()) {
    Inputs inputs;
    for (const auto& input : named->items())
      inputs[input.key()] = input.value().is_string() ? input.value().get<std::string>() : dump_json(input.value());
    return inputs;
  }
  const std::string id = "_" + one.at("id").get<std::string>() + "_";
  for (const auto& [word, inputs] : run.scope.implied_pictures)
    if (id.find("_" + word + "_") != std::string::npos) return inputs;
  return {};
}

RunPictures pictures_of(CompatRun& run, const GoldenTable& table, const Json& one,
                        const std::set<std::string>& others) {
  RunPictures pictures;
  for (const auto& [argument, name] : inputs_of(run, one)) {
    if (others.count(argument)) continue;
    const auto known = run.scope.pictures.find(argument);
    if (known == run.scope.pictures.end()) throw Skip{"the input '" + argument + "' is not built"};
    const bool is_mask = known->second == kMask;
    if (!is_mask && table.tensors().index().contains(name))
      if (const Tensor tensor = table.tensors().tensor(name); are_latents(tensor)) {
        pictures.latents = tensor;
        continue;
      }
    const Tensor levels = levels_of(run, table, name), rounded = levels.round();
    (is_mask ? pictures.inputs.mask : pictures.inputs.image).rgb = rounded.to(at::kByte);
    if (!is_mask && !rounded.equal(levels))
      pictures.exact = (levels / kWhite * 2 - 1).permute({2, 0, 1}).unsqueeze(0).contiguous();
  }
  return pictures;
}

}  // namespace alice
