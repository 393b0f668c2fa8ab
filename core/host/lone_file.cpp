#include "core/host/lone_file.h"

#include <algorithm>
#include <string_view>

#include "core/api/lora.h"
#include "core/api/text_encoder.h"
#include "core/api/unet.h"
#include "core/api/vae.h"
#include "core/host/family_choice.h"

namespace alice {
namespace {

/// What only one kind of file has: the beginning of a tensor's name, as the software that made the kind writes it.
struct Kind {
  std::string_view begins;
  const char* sentence;
};
constexpr const char* kControl = "is a ControlNet, which goes beside a model and is not supported yet";
constexpr const char* kAdapter =
    "is an adapter (IP-Adapter, T2I-Adapter), which goes beside a model and is not supported yet";
constexpr const char* kUpscaler = "is an upscaler, which is not supported yet";
constexpr const char* kEmbedding = "is a textual inversion embedding, which is not supported yet";
constexpr const char* kMotion = "is a motion module for films, which is not supported";
constexpr Kind kKinds[] = {
    {"control_model.", kControl},
    {"controlnet_cond_embedding.", kControl},
    {"controlnet_down_blocks.", kControl},
    {"lllite_", kControl},
    {"ip_adapter.", kAdapter},
    {"image_proj.", kAdapter},
    {"adapter.body.", kAdapter},
    {"body.0.rdb1.", kUpscaler},
    {"body.0.resnets.", kAdapter},
    {"model.1.sub.0.", kUpscaler},
    {"params_ema.", kUpscaler},
    {"layers.0.residual_group.", kUpscaler},
    {"emb_params", kEmbedding},
    {"string_to_param", kEmbedding},
};

bool has_name(const TensorIndex& index, std::string_view begin) {
  const auto found = index.tensors.lower_bound(std::string(begin));
  return found != index.tensors.end() && found->first.compare(0, begin.size(), begin) == 0;
}

bool has_motion(const TensorIndex& index) {
  return std::any_of(index.tensors.begin(), index.tensors.end(),
                     [](const auto& tensor) { return tensor.first.find("motion_modules.") != std::string::npos; });
}

template <class Part>
std::optional<Recognition> recognised(const Factories<ModelFactory<Part>>& factories, const ModelFiles& files) {
  for (const auto* factory : factories.all()) try {
      if (auto recognition = factory->recognise(files)) return recognition;
    } catch (const std::exception&) {  // its fault is told where the part is chosen
    }
  return std::nullopt;
}

bool is_lora(const Registry& registry, const TensorIndex& index) {
  const auto formats = registry.of<LoraFormatFactory>().all();
  return std::any_of(formats.begin(), formats.end(),
                     [&](const auto* factory) { return factory->create({})->recognises(index); });
}

/// An embedding of one kind of encoder is often one matrix of a few rows and nothing else.
bool is_one_matrix(const TensorIndex& index) {
  constexpr int64_t kMostRows = 256;
  return index.tensors.size() == 1 && index.tensors.begin()->second.shape.size() == 2 &&
         index.tensors.begin()->second.shape[0] <= kMostRows;
}

std::string part_alone(const char* part, const std::string& place) {
  return std::string("is a ") + part + " alone, no model: give it to one in the configuration (" + place +
         ": {source: this file})";
}

}  // namespace

std::string what_else_it_is(const Registry& registry, const StoredModel& stored) {
  if (stored.is_folder) return "";
  const auto family = find_family(registry, stored, PartConfig());
  const auto part = [&](const char* role) {
    if (family)
      for (const PartUse& use : family->recognition.parts)
        if (use.role == role) return *files_of(stored, use);
    return stored.parts.at(role);
  };
  const TensorIndex& index = stored.whole->index();
  const auto unet = recognised(registry.of<UNetFactory>(), part("unet"));
  if (unet && unet->faults.empty()) return "";
  for (const Kind& kind : kKinds)
    if (has_name(index, kind.begins)) return kind.sentence;
  if (has_motion(index)) return kMotion;
  if (is_lora(registry, index)) return "is a LoRA: it belongs into the models folder's loras/";
  if (unet) return "";
  if (is_one_matrix(index)) return kEmbedding;
  const bool has_vae = recognised(registry.of<VaeFactory>(), part("vae")).has_value();
  const bool has_text = recognised(registry.of<TextEncoderFactory>(), part("text_encoder")).has_value();
  if (has_vae && !has_text) return part_alone("VAE", "models: MODEL: vae");
  if (has_text && !has_vae) return part_alone("text encoder", "models: MODEL: text_encoder");
  if (has_text) return "";  // and a VAE: of a model whose UNet is of an unknown kind
  return "holds no UNet, VAE or text encoder that a plugin knows: it is no model of a kind that is supported";
}

}  // namespace alice
