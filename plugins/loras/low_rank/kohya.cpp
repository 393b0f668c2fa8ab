#include "plugins/loras/low_rank/kohya.h"

#include <algorithm>
#include <utility>

#include "core/base/text.h"

namespace alice::low_rank {
namespace {

/// The longer of two that begin alike comes first. Behind one with an underscore the module's dots are underscores.
constexpr std::pair<std::string_view, const char*> kPrefixes[] = {
    {"lora_unet_", kUNet},        {"lora_te_wrapped_transformer_", kTextEncoder},
    {"lora_te_", kTextEncoder},   {"lora_te1_", kTextEncoder},
    {"lora_te2_", kTextEncoder2}, {"lycoris_unet_", kUNet},
    {"lycoris_", kUNet},          {"lora_unet.", kUNet},
    {"lora_te.", kTextEncoder},   {"lora_te1.", kTextEncoder},
    {"lora_te2.", kTextEncoder2}};
constexpr std::pair<std::string_view, const char*> kFactors[] = {
    {".lora_up.weight", "up"}, {".lora_down.weight", "down"}, {".lora_mid.weight", "mid"}};
/// LyCORIS' other methods, whose tensors are called by their roles.
constexpr std::string_view kRoles[] = {
    "alpha",   "dora_scale", "hada_w1_a", "hada_w1_b", "hada_w2_a", "hada_w2_b",  "hada_t1", "hada_t2",
    "lokr_w1", "lokr_w1_a",  "lokr_w1_b", "lokr_t1",   "lokr_w2",   "lokr_w2_a",  "lokr_w2_b", "lokr_t2",
    "diff",    "diff_b",     "w_norm",    "b_norm",    "on_input",  "oft_blocks", "rescale"};

/// Of the name of a tensor behind its part: module and role; false when it ends like none.
bool take_role(std::string_view name, FactorName& out) {
  for (const auto& [spelling, role] : kFactors)
    if (take_end(name, spelling)) return out.module = name, out.role = role, true;
  const size_t dot = name.rfind('.');
  if (dot == name.npos || dot == 0) return false;
  const std::string_view ending = name.substr(dot + 1);
  // What IA3 calls its numbers may be anything; of a module that is told to be IA3's it is that.
  if (ending != "weight" && std::find(std::begin(kRoles), std::end(kRoles), ending) == std::end(kRoles)) return false;
  return out.module = name.substr(0, dot), out.role = ending, true;
}

/// The method that is not built and that a name ends like one of, behind its module; "" when it does not.
std::string unsupported_in(std::string_view name) {
  for (size_t dot = name.rfind('.'); dot != name.npos && dot > 0; dot = name.rfind('.', dot - 1))
    if (std::string method = unbuilt_method(name.substr(dot + 1)); !method.empty()) return method;
  return "";
}

}  // namespace

bool Kohya::is_typical(const std::string& tensor) const {
  for (const auto& [prefix, part] : kPrefixes)
    if (starts_with(tensor, prefix)) return true;
  return ends_with(tensor, ".lora_up.weight") || ends_with(tensor, ".lora_down.weight");
}

std::optional<FactorName> Kohya::parse(const std::string& tensor) const {
  std::string_view rest = tensor;
  FactorName name;
  for (const auto& [prefix, part] : kPrefixes) {
    if (!take_start(rest, prefix)) continue;
    name.part = part;
    break;
  }
  if (name.part.empty()) name.part = take_part(rest);
  name.unsupported = unsupported_in(rest);
  if (!name.unsupported.empty() || take_role(rest, name)) return name;
  return std::nullopt;
}

}  // namespace alice::low_rank
