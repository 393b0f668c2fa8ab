#include "plugins/models/clip/clip_config.h"

namespace alice::clip {
namespace {

constexpr const char* kPlainClass = "CLIPTextModel";
constexpr const char* kProjectionClass = "CLIPTextModelWithProjection";
constexpr const char* kModelType = "clip_text_model";

const OptionTable<ClipConfig>& options() {
  static const auto table =
      OptionTable<ClipConfig>()
          .integer("vocab_size", &ClipConfig::vocab_size, {1, 1 << 22}, "rows of the token embedding")
          .integer("hidden_size", &ClipConfig::hidden_size, {1, 1 << 14}, "width")
          .integer("intermediate_size", &ClipConfig::intermediate_size, {1, 1 << 16},
                   "width within a layer's perceptron")
          .integer("projection_dim", &ClipConfig::projection_dim, {1, 1 << 14}, "width of the pooled text")
          .integer("num_hidden_layers", &ClipConfig::num_hidden_layers, {1, 256}, "layers")
          .integer("num_attention_heads", &ClipConfig::num_attention_heads, {1, 256}, "heads of attention")
          .integer("max_position_embeddings", &ClipConfig::max_position_embeddings, {2, 1 << 14}, "tokens of a prompt")
          .number("layer_norm_eps", &ClipConfig::layer_norm_eps, {1e-12, 1}, "added to a norm's variance")
          .choice("hidden_act", &ClipConfig::hidden_act,
                  {{"quick_gelu", Activation::quick_gelu}, {"gelu", Activation::gelu}}, "activation of the perceptrons")
          .integer("eos_token_id", &ClipConfig::eos_token_id, {0, 1 << 22}, "the token whose state is the pooled text");
  return table;
}

bool names(const Json& architectures, const char* class_name) {
  if (!architectures.is_array()) return false;
  for (const Json& name : architectures)
    if (name == class_name) return true;
  return false;
}

}  // namespace

std::optional<bool> is_clip(const Json& config) {
  if (!config.is_object()) return std::nullopt;
  const Json architectures = config.value("architectures", Json());
  if (architectures.is_array() && !architectures.empty())
    return names(architectures, kPlainClass) || names(architectures, kProjectionClass);
  if (config.contains("_class_name")) return false;  // diffusers' word: none of its classes is this one
  if (config.contains("model_type")) return config["model_type"] == kModelType;
  return std::nullopt;
}

bool asks_for_projection(const Json& config) {
  return config.is_object() && names(config.value("architectures", Json()), kProjectionClass);
}

ClipConfig read_clip_config(const ModelFiles& files) {
  const PlaceOf place = config_places(files);
  Faults faults;
  ClipConfig config = options().read(files.config, UnknownKeys::pass_over, place, faults);
  config.has_projection = asks_for_projection(files.config);
  if (faults.empty() && config.hidden_size % config.num_attention_heads != 0)
    faults.add(place("num_attention_heads"), std::to_string(config.num_attention_heads) +
                                                 " heads cannot share a hidden_size of " +
                                                 std::to_string(config.hidden_size) + " evenly");
  faults.throw_if_any(ErrorCode::bad_weights);
  return config;
}

Json write_clip_config(const ClipConfig& config) {
  Json json = options().write(config);
  json["architectures"] = {config.has_projection ? kProjectionClass : kPlainClass};
  json["model_type"] = kModelType;
  return json;
}

}  // namespace alice::clip
