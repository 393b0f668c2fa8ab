#include "sdk/check/lora_samples.h"

#include <algorithm>

#include "known_loras_text.h"
#include "sdk/check/memory_tensors.h"

namespace alice::check {
namespace {

constexpr int64_t kRank = 2;

/// A member of type string; "" when it may be missing.
std::string text_member(const Json& object, const char* name, bool required, const std::string& place) {
  if (!object.contains(name) && !required) return "";
  if (!object.contains(name) || !object.at(name).is_string())
    throw Error(ErrorCode::bad_config, place + "/" + name, "must be a text");
  return object.at(name);
}

}  // namespace

std::string LoraNames::start(const LoraTarget& target) const {
  std::string module = target.parameter.substr(0, target.parameter.rfind(".weight"));
  if (underscored) std::replace(module.begin(), module.end(), '.', '_');
  return parts.at(target.part) + module;
}

LoraNames read_lora_names(const Json& object, const std::string& place) {
  if (!object.is_object() || !object.contains("parts") || !object.at("parts").is_object())
    throw Error(
        ErrorCode::bad_config, place,
        "must be an object with parts (an object), module (underscored or dotted), down, up and, where there is "
        "one, alpha");
  LoraNames names;
  names.name = text_member(object, "name", false, place);
  for (const auto& part : object.at("parts").items())
    names.parts[part.key()] = text_member(object.at("parts"), part.key().c_str(), true, place + "/parts");
  const std::string module = text_member(object, "module", true, place);
  if (module != "underscored" && module != "dotted")
    throw Error(ErrorCode::bad_config, place + "/module", "must be underscored or dotted, got '" + module + "'");
  names.underscored = module == "underscored";
  names.difference = text_member(object, "difference", false, place);
  names.down = text_member(object, "down", names.difference.empty(), place);
  names.up = text_member(object, "up", names.difference.empty(), place);
  names.alpha = text_member(object, "alpha", false, place);
  return names;
}

const std::vector<LoraTarget>& lora_targets() {
  static const std::vector<LoraTarget> targets = {
      {"unet", "mid_block.attentions.0.transformer_blocks.0.attn1.to_q.weight", "", {6, 4}},
      {"unet", "mid_block.attentions.0.transformer_blocks.0.attn1.to_out.0.bias", "", {6}},
      {"unet", "conv_in.weight", "", {5, 3, 3, 3}},
      {"unet", "mid_block.attentions.0.proj_in.weight", "", {6, 4, 1, 1}},
      {"unet", "mid_block.attentions.0.norm.weight", "", {6}},
      {"text_encoder", "text_model.encoder.layers.0.self_attn.q_proj.weight", "", {4, 4}}};
  return targets;
}

bool changes(const LoraNames& names, const LoraTarget& target) {
  return names.parts.count(target.part) != 0 && target.shape.size() > 1;
}

Tensors lora_file(const LoraNames& names, uint64_t seed) {
  at::manual_seed(seed);
  Tensors file;
  for (const LoraTarget& target : lora_targets()) {
    if (!changes(names, target)) continue;
    if (!names.difference.empty()) {
      file[names.start(target) + names.difference] = at::randn(target.shape);
      continue;
    }
    std::vector<int64_t> down = target.shape, up = {target.shape[0], kRank};
    down[0] = kRank;
    if (target.shape.size() == 4) up.insert(up.end(), {1, 1});
    file[names.start(target) + names.down] = at::randn(down);
    file[names.start(target) + names.up] = at::randn(up);
  }
  return file;
}

Tensor exact_change(const LoraNames& names, const Tensors& file, const LoraTarget& target) {
  const auto factor = [&](const std::string& ending) { return file.at(names.start(target) + ending).to(at::kDouble); };
  if (!names.difference.empty()) return factor(names.difference);
  return factor(names.up).flatten(1).matmul(factor(names.down).flatten(1)).reshape(target.shape);
}

LoraNames lora_names_of(const LoraFormat& format, const Case& it) {
  const auto is_recognised = [&](const LoraNames& names) {
    return format.recognises(MemoryTensors(lora_file(names, it.seed)).index());
  };
  if (!it.given.lora_names.empty()) {
    const LoraNames names = read_lora_names(read_json_file(it.given.lora_names), it.given.lora_names);
    if (!is_recognised(names)) fail("recognises() says no to a file of the names in " + it.given.lora_names);
    return names;
  }
  for (const Json& one : parse_json(kKnownLorasText, "known_loras.json")) {
    const LoraNames names = read_lora_names(one, "known_loras.json");
    if (is_recognised(names)) return names;
  }
  fail(
      "recognises() says no to every way of naming that the checker knows, so nothing was tried: say how your format "
      "names tensors with --lora-names FILE.json");
}

}  // namespace alice::check
