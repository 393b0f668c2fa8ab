#include "plugins/models/clip/clip_weights.h"

#include <algorithm>

#include "core/base/text.h"

namespace alice::clip {
namespace {

constexpr int64_t kHeadWidth = 64;

constexpr const char* kDropsLastLayer = "drops_last_layer";  // the only word of ModelFiles::told

std::string embedding_of(const ClipNames& names) {
  return names.prefix + (names.open_clip ? "token_embedding.weight" : "embeddings.token_embedding.weight");
}

std::string layer_of(const ClipNames& names, int64_t layer) {
  return names.prefix + (names.open_clip ? "transformer.resblocks." : "encoder.layers.") + std::to_string(layer) + ".";
}

std::string projection_of(const ClipNames& names, const std::string& end) {
  return (names.open_clip ? names.prefix : std::string()) + "text_projection" + end;
}

/// Collects the wanted parameters; `theirs` is the name under OpenCLIP, relative to the prefix.
class ClipList {
 public:
  explicit ClipList(const ClipNames& names) : names_(names) {}

  void add(const std::string& ours, const std::string& theirs, std::vector<int64_t> shape) {
    WantedParameter wanted{"text_model." + ours, std::move(shape), {}};
    wanted.sources.push_back({names_.layout, names_.prefix + (names_.open_clip ? theirs : ours)});
    add_alias(ours, wanted);
    list_.push_back(std::move(wanted));
  }
  void add_pair(const std::string& ours, const std::string& theirs, std::vector<int64_t> weight_shape) {
    add(ours + ".bias", theirs + ".bias", {weight_shape[0]});
    add(ours + ".weight", theirs + ".weight", std::move(weight_shape));
  }
  /// One of the rows of blocks that OpenCLIP stacks.
  void add_stacked(const std::string& ours, const std::string& theirs, int64_t width, int64_t block) {
    for (const bool is_bias : {false, true}) {
      const std::string own = ours + (is_bias ? ".bias" : ".weight");
      const std::vector<int64_t> shape = is_bias ? std::vector<int64_t>{width} : std::vector<int64_t>{width, width};
      if (!names_.open_clip) {
        add(own, "", shape);
        continue;
      }
      WantedParameter wanted{"text_model." + own, shape, {}};
      wanted.sources.push_back({names_.layout, names_.prefix + theirs + (is_bias ? "_bias" : "_weight"),
                                Parameter::Form::as_is, block * width, true});
      list_.push_back(std::move(wanted));
    }
  }
  void add_projection(std::vector<int64_t> shape) {
    WantedParameter wanted{"text_projection.weight", std::move(shape), {}};
    if (names_.open_clip)
      wanted.sources.push_back({names_.layout, projection_of(names_, ""), Parameter::Form::transpose});
    wanted.sources.push_back({names_.layout, projection_of(names_, ".weight")});
    list_.push_back(std::move(wanted));
  }
  std::vector<WantedParameter> take() { return std::move(list_); }

 private:
  /// The name in an SD 1.x single file, for LoRA files that go by it.
  void add_alias(const std::string& ours, WantedParameter& wanted) {
    if (names_.layout != "ldm") wanted.sources.push_back({"ldm", "text_model." + ours});
  }

  const ClipNames& names_;
  std::vector<WantedParameter> list_;
};

}  // namespace

std::optional<ClipNames> find_clip(const ModelFiles& files) {
  const char* const layout = files.root.empty() ? "diffusers" : "ldm";
  const bool drops_last = files.told.is_object() && files.told.value(kDropsLastLayer, false);
  for (const ClipNames& names : {ClipNames{layout, "text_model.", false, false}, ClipNames{layout, "", false, false},
                                 ClipNames{"ldm", "", true, drops_last}})
    if (files.has(embedding_of(names))) return names;
  return std::nullopt;
}

ClipConfig derive_clip_config(const ModelFiles& files, const ClipNames& names, std::vector<Fault>& faults) {
  ClipConfig config;
  const auto measure = [&](int64_t& value, const std::string& name, size_t dimension) {
    if (const int64_t side = files.side(name, dimension); side > 0) value = side;
  };
  measure(config.vocab_size, embedding_of(names), 0);
  measure(config.hidden_size, embedding_of(names), 1);
  measure(config.max_position_embeddings,
          names.prefix + (names.open_clip ? "positional_embedding" : "embeddings.position_embedding.weight"), 0);
  measure(config.intermediate_size, layer_of(names, 0) + (names.open_clip ? "mlp.c_fc.weight" : "mlp.fc1.weight"), 0);
  int64_t layers = 0;
  const std::string norm = names.open_clip ? "ln_1.weight" : "layer_norm1.weight";
  while (files.has(layer_of(names, layers) + norm)) ++layers;
  config.num_hidden_layers = std::max<int64_t>(1, layers - (names.drops_last_layer ? 1 : 0));
  config.hidden_act = names.open_clip ? Activation::gelu : Activation::quick_gelu;
  config.has_projection = names.open_clip && !names.drops_last_layer;
  if (config.has_projection) {
    config.projection_dim = config.hidden_size;
    measure(config.projection_dim, projection_of(names, ".weight"), 0);
    measure(config.projection_dim, projection_of(names, ""), 1);
  }
  config.num_attention_heads = std::max<int64_t>(1, config.hidden_size / kHeadWidth);
  if (config.hidden_size % kHeadWidth != 0)
    faults.push_back(
        {files.place,
         "the number of attention heads cannot be told from a width of " + std::to_string(config.hidden_size) +
             ": put settings with text_encoder/num_attention_heads into a .json file of the same name beside it"});
  return config;
}

std::vector<WantedParameter> clip_parameters(const ClipConfig& config, const ClipNames& names) {
  const int64_t width = config.hidden_size;
  ClipList list(names);
  list.add("embeddings.token_embedding.weight", "token_embedding.weight", {config.vocab_size, width});
  list.add("embeddings.position_embedding.weight", "positional_embedding", {config.max_position_embeddings, width});
  for (int64_t layer = 0; layer < config.num_hidden_layers; ++layer) {
    const std::string ours = "encoder.layers." + std::to_string(layer) + ".";
    const std::string theirs = "transformer.resblocks." + std::to_string(layer) + ".";
    list.add_pair(ours + "layer_norm1", theirs + "ln_1", {width});
    list.add_stacked(ours + "self_attn.q_proj", theirs + "attn.in_proj", width, 0);
    list.add_stacked(ours + "self_attn.k_proj", theirs + "attn.in_proj", width, 1);
    list.add_stacked(ours + "self_attn.v_proj", theirs + "attn.in_proj", width, 2);
    list.add_pair(ours + "self_attn.out_proj", theirs + "attn.out_proj", {width, width});
    list.add_pair(ours + "layer_norm2", theirs + "ln_2", {width});
    list.add_pair(ours + "mlp.fc1", theirs + "mlp.c_fc", {config.intermediate_size, width});
    list.add_pair(ours + "mlp.fc2", theirs + "mlp.c_proj", {width, config.intermediate_size});
  }
  list.add_pair("final_layer_norm", "ln_final", {width});
  if (config.has_projection) list.add_projection({config.projection_dim, width});
  return list.take();
}

bool passes_over(const std::string& name, const ClipConfig& config, const ClipNames& names) {
  if (ends_with(name, "position_ids") || ends_with(name, "logit_scale") || ends_with(name, "attn_mask")) return true;
  if (!config.has_projection && starts_with(name, projection_of(names, ""))) return true;
  return names.drops_last_layer && starts_with(name, layer_of(names, config.num_hidden_layers));
}

}  // namespace alice::clip
