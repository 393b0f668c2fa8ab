// The plugin: recognises CLIP text encoders and loads them.

#include <cstring>

#include "core/api/plugin.h"
#include "core/api/text_encoder.h"
#include "plugins/models/clip/clip_text_encoder.h"
#include "plugins/models/clip/clip_weights.h"
#include "plugins/models/clip/vocabulary_files.h"

namespace alice::clip {
namespace {

std::string describe(const ClipConfig& config) {
  return std::string("CLIP text encoder, ") + std::to_string(config.num_hidden_layers) + " layers of " +
         std::to_string(config.hidden_size) + (config.has_projection ? ", with pooled text" : "");
}

/// The config that the tensors tell, checked like one that is given.
ClipConfig derived(const ModelFiles& files, const ClipNames& names, Recognition& recognition) {
  const ClipConfig config = derive_clip_config(files, names, recognition.faults);
  if (!recognition.faults.empty()) return config;
  ModelFiles complete = files;
  complete.config = write_clip_config(config);
  return read_clip_config(complete);
}

class ClipFactory final : public TextEncoderFactory, public AssetReader {
 public:
  const FactoryInfo& info() const override {
    static const FactoryInfo info = {"clip",
                                     "CLIP's text encoder: SD 1.x and 2.x, both of SDXL.",
                                     {},
                                     {"CLIPTextModel", "CLIPTextModelWithProjection"},
                                     {}};
    return info;
  }

  std::optional<Recognition> recognise(const ModelFiles& files) const override {
    const std::optional<bool> says_so = is_clip(files.config);
    const std::optional<ClipNames> found = find_clip(files);
    if (!says_so.value_or(found.has_value())) return std::nullopt;
    const ClipNames names = found.value_or(ClipNames());

    Recognition recognition;
    const ClipConfig config = files.config.is_object() ? read_clip_config(files) : derived(files, names, recognition);
    recognition.description = describe(config);
    recognition.config = write_clip_config(config);
    match_parameters(
        files, clip_parameters(config, names), [&](const std::string& name) { return passes_over(name, config, names); }, recognition);
    recognition.facts["token_limit"] = config.max_position_embeddings;
    recognition.facts["width"] = config.hidden_size;
    recognition.facts["layers"] = config.num_hidden_layers;
    recognition.facts["heads"] = config.num_attention_heads;
    if (config.has_projection) recognition.facts["pooled_width"] = config.projection_dim;
    look_at_vocabulary(files, recognition.faults);
    return recognition;
  }

  const void* extension(const char* name) const override {
    return std::strcmp(name, kAssetReader) == 0 ? static_cast<const AssetReader*>(this) : nullptr;
  }
  void read_assets(const ModelFiles& files, const Recognition& recognition) const override {
    vocabulary_of(files, config_of(files, recognition));
  }

  std::shared_ptr<const TextEncoder> create(const ModelFiles& files, const Recognition& recognition,
                                            std::shared_ptr<const Backend> backend,
                                            const OptionLayers& options) const override {
    refuse_options(options, ErrorCode::bad_config);
    const ClipConfig config = config_of(files, recognition);
    auto tokenizer = std::make_shared<ClipTokenizer>(vocabulary_of(files, config), config.max_position_embeddings);
    return std::make_shared<ClipTextEncoder>(
        config, std::move(tokenizer),
        ModelWeights(files.place, files.weights, recognition.parameters, std::move(backend)));
  }

 private:
  static ClipConfig config_of(const ModelFiles& files, const Recognition& recognition) {
    ModelFiles complete = files;
    complete.config = recognition.config;
    return read_clip_config(complete);
  }

  static Vocabulary vocabulary_of(const ModelFiles& files, const ClipConfig& config) {
    const auto names = find_clip(files);
    // OpenCLIP pads with 0, "!" in its vocabulary; in a folder its tokenizer's settings say so.
    return load_vocabulary(files, names && names->open_clip ? "!" : "", config.vocab_size);
  }
};

}  // namespace
}  // namespace alice::clip

ALICE_PLUGIN("alice-model-clip", "0.1.0",
             [](alice::Enrolment& enrol) { enrol.add(std::make_unique<alice::clip::ClipFactory>()); })
