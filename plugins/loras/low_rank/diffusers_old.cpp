#include "plugins/loras/low_rank/diffusers_old.h"

#include <utility>

#include "core/base/text.h"

namespace alice::low_rank {
namespace {

constexpr std::pair<std::string_view, const char*> kRoles[] = {
    {".down.weight", "down"}, {".up.weight", "up"}, {".alpha", "alpha"}};

/// The LoRA layers' own names, behind the module that they belong to.
constexpr std::string_view kLayers[] = {".lora_linear_layer", ".lora", "_lora"};

/// Attention layers were called the same in both networks: the networks call them otherwise.
constexpr std::pair<std::string_view, std::string_view> kUNetLayers[] = {{".to_out", ".to_out.0"}};
constexpr std::pair<std::string_view, std::string_view> kTextLayers[] = {
    {".to_q", ".q_proj"}, {".to_k", ".k_proj"}, {".to_v", ".v_proj"}, {".to_out", ".out_proj"}};

template <size_t N>
std::string renamed(std::string_view module, const std::pair<std::string_view, std::string_view> (&names)[N]) {
  for (const auto& [from, to] : names)
    if (take_end(module, from)) return std::string(module) + std::string(to);
  return std::string(module);
}

std::string without_processor(std::string_view module) {
  constexpr std::string_view kProcessor = ".processor.";
  std::string out(module);
  if (const size_t at = out.find(kProcessor); at != std::string::npos) out.replace(at, kProcessor.size(), ".");
  return out;
}

}  // namespace

bool DiffusersOld::is_typical(const std::string& tensor) const {
  std::string_view name = tensor;
  if (!take_end(name, ".down.weight") && !take_end(name, ".up.weight")) return false;
  for (const std::string_view layer : kLayers)
    if (ends_with(name, layer)) return true;
  return false;
}

std::optional<FactorName> DiffusersOld::parse(const std::string& tensor) const {
  std::string_view rest = tensor;
  FactorName name;
  name.part = take_part(rest);
  bool has_role = false;
  for (const auto& [spelling, role] : kRoles) {
    if (!take_end(rest, spelling)) continue;
    name.role = role;
    has_role = true;
    break;
  }
  bool has_layer = false;
  for (const std::string_view layer : kLayers) has_layer = has_layer || take_end(rest, layer);
  if (!has_role || (!has_layer && name.role != "alpha")) {
    const size_t dot = rest.rfind('.');
    const bool is_bias = ends_with(rest, ".up.bias") || ends_with(rest, ".down.bias");
    if (dot != std::string_view::npos) name.unsupported = unbuilt_method(is_bias ? "lora.bias" : rest.substr(dot + 1));
    if (name.unsupported.empty()) return std::nullopt;
    return name;
  }
  const std::string module = without_processor(rest);
  const bool is_text = module.find("self_attn.") != std::string::npos;
  name.module = is_text ? renamed(module, kTextLayers) : renamed(module, kUNetLayers);
  return name;
}

}  // namespace alice::low_rank
