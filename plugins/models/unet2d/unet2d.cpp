// The plugin: the UNet of SD 1.x, 2.x and SDXL, one network by its config.

#include <algorithm>
#include <sstream>
#include <tuple>

#include "core/api/plugin.h"
#include "core/api/unet.h"
#include "core/api/unet_shortcuts.h"
#include "plugins/models/unet2d/unet_network.h"
#include "plugins/models/unet2d/unet_shapes.h"
#include "plugins/models/unet2d/unet_weights.h"

namespace alice::unet2d {
namespace {

constexpr int64_t kUsualLatents = 64;  // where config.json does not say: the size of SD 1.x

/// How wide pooled text is beside `ids` sizes: they share projection_class_embeddings_input_dim.
int64_t pooled_beside(const UNetConfig& config, int64_t ids) {
  return *config.projection_class_embeddings_input_dim - ids * *config.addition_time_embed_dim;
}

/// How many sizes it is told, which neither tensors nor config.json say: its family does, else there is room for as
/// many beside some text. prepare() takes either.
int64_t time_ids_of(const UNetConfig& config, const Json& told) {
  if (told.is_object() && told.contains(kTimeIdCount)) return told[kTimeIdCount].get<int64_t>();
  return pooled_beside(config, kTimeIds) > 0 ? kTimeIds : kRefinerTimeIds;
}

UNetInfo info_of(const UNetConfig& config, const Json& told) {
  UNetInfo info;
  info.in_channels = std::min(config.in_channels, config.out_channels);
  info.out_channels = config.out_channels;
  info.native_latent_size = config.sample_size.value_or(kUsualLatents);
  info.context_width = config.cross_attention_dim;
  if (config.has_text_time()) {
    const int64_t ids = time_ids_of(config, told);
    info.further_conditioning = {{"pooled", pooled_beside(config, ids)}, {"time_ids", ids}};
  }
  if (config.time_cond_proj_dim) info.further_conditioning[kGuidanceScale] = 1;
  if (config.in_channels > info.in_channels) info.further_conditioning[kBeside] = config.in_channels - info.in_channels;
  return info;
}

/// `dimensions` of which the last is `width` wide (0: any) and the first has `rows` (0: any).
Tensor conditioning_of(const Conditioning& conditioning, const std::string& name, int64_t dimensions, int64_t width,
                       int64_t rows) {
  const auto found = conditioning.find(name);
  if (found == conditioning.end())
    throw Error(ErrorCode::bad_request, "conditioning", "'" + name + "' is missing, which this UNet needs");
  const Tensor& tensor = found->second;
  if (tensor.dim() != dimensions || (width != 0 && tensor.size(-1) != width) || tensor.numel() == 0 ||
      (rows != 0 && tensor.size(0) != rows))
    throw Error(ErrorCode::bad_request, "conditioning",
                "'" + name + "' has shape " + shape_text(tensor.sizes().vec()) + "; this UNet needs " +
                    std::to_string(dimensions) + " dimensions" +
                    (width != 0 ? ", the last of " + std::to_string(width) : "") +
                    (rows != 0 ? ", and a row for each of the tokens" : ""));
  return tensor;
}

/// Pooled text and ids of `rows`, which together are as wide as the network wants them.
std::pair<Tensor, Tensor> added_of(const Conditioning& conditioning, const UNetConfig& config, int64_t rows) {
  const Tensor pooled = conditioning_of(conditioning, "pooled", 2, 0, rows);
  const Tensor ids = conditioning_of(conditioning, "time_ids", 2, 0, rows);
  const int64_t together = pooled.size(1) + ids.size(1) * *config.addition_time_embed_dim;
  const bool are_usual = ids.size(1) == kTimeIds || ids.size(1) == kRefinerTimeIds;
  if (!are_usual || together != *config.projection_class_embeddings_input_dim)
    throw Error(ErrorCode::bad_request, "conditioning",
                "'pooled' of width " + std::to_string(pooled.size(1)) + " and " + std::to_string(ids.size(1)) +
                    " 'time_ids', of " + std::to_string(*config.addition_time_embed_dim) + " sinusoids each, make " +
                    std::to_string(together) + "; this UNet needs " +
                    std::to_string(*config.projection_class_embeddings_input_dim) + ", with " +
                    std::to_string(kTimeIds) + " or " + std::to_string(kRefinerTimeIds) + " ids");
  return {pooled, ids};
}

/// A map of `channels` for each row.
Tensor beside_of(const Conditioning& conditioning, int64_t channels, int64_t rows) {
  const Tensor map = conditioning_of(conditioning, kBeside, 4, 0, rows);
  if (map.size(1) != channels)
    throw Error(ErrorCode::bad_request, "conditioning",
                "'" + std::string(kBeside) + "' has " + std::to_string(map.size(1)) + " channels; this UNet needs " +
                    std::to_string(channels));
  return map.to(at::kFloat);
}

class UNet2d final : public UNet, public UNetShortcuts {
 public:
  UNet2d(const UNetConfig& config, UNetInfo info, ModelWeights weights)
      : config_(config), info_(std::move(info)), weights_(std::move(weights)), network_(config, weights_) {}

  const UNetInfo& info() const override { return info_; }
  const ModelWeights& weights() const override { return weights_; }
  const UNetNetwork& network() const { return network_; }
  std::unique_ptr<UNetRun> prepare(const Conditioning& conditioning) const override {
    return prepare_shortcuts(conditioning, {});
  }
  std::unique_ptr<ShortcutRun> prepare_shortcuts(const Conditioning& conditioning,
                                                 const ShortcutOptions& options) const override;
  const void* extension(const char* name) const override {
    return std::string_view(name) == kUNetShortcuts ? static_cast<const UNetShortcuts*>(this) : nullptr;
  }
  std::shared_ptr<const UNet> patched(const Deltas& deltas) const override {
    return std::make_shared<UNet2d>(config_, info_, weights_.patched(deltas));
  }

 private:
  UNetConfig config_;
  UNetInfo info_;
  ModelWeights weights_;
  UNetNetwork network_;
};

class UNet2dRun final : public ShortcutRun {
 public:
  UNet2dRun(std::shared_ptr<const UNet2d> unet, PreparedConditioning conditioning, Tensor beside, int64_t rows)
      : unet_(std::move(unet)), conditioning_(std::move(conditioning)), beside_(std::move(beside)), rows_(rows) {}

  Tensor predict(const Tensor& x, const Tensor& t) override {
    check(x, t);
    const at::NoGradGuard no_grad;
    const Entrance entrance = enter(x, t);
    deep_ = unet_->network().descend(entrance, conditioning_);
    return leave(entrance);
  }

  Tensor predict_with_kept_depth(const Tensor& x, const Tensor& t) override {
    check(x, t);
    const at::NoGradGuard no_grad;
    const Entrance entrance = enter(x, t);
    const Tensor& map = entrance.skips.back();
    if (!deep_.defined() || deep_.size(2) != map.size(2) || deep_.size(3) != map.size(3))
      throw Error(ErrorCode::internal, "unet", "was asked to keep the depth of a prediction that it has not made");
    return leave(entrance);
  }

 private:
  void check(const Tensor& x, const Tensor& t) const {
    const int64_t channels = unet_->info().in_channels;
    if (x.dim() != 4 || x.size(0) != rows_ || x.size(1) != channels || x.numel() == 0)
      throw Error(ErrorCode::bad_request, "latents",
                  "have shape " + shape_text(x.sizes().vec()) + ", [" + std::to_string(rows_) + ", " +
                      std::to_string(channels) + ", h, w] is needed");
    const bool is_constant = !beside_.defined() || (beside_.size(2) == 1 && beside_.size(3) == 1);
    if (!is_constant && (beside_.size(2) != x.size(2) || beside_.size(3) != x.size(3)))
      throw Error(ErrorCode::bad_request, "latents",
                  "have shape " + shape_text(x.sizes().vec()) + ", and what is beside them " +
                      shape_text(beside_.sizes().vec()));
    if (t.dim() != 1 || t.size(0) != rows_)
      throw Error(ErrorCode::bad_request, "timesteps",
                  "have shape " + shape_text(t.sizes().vec()) + ", one a row is needed");
  }
  Entrance enter(const Tensor& x, const Tensor& t) const {
    return unet_->network().enter(unet_->weights().backend().to_device(with_beside(x)), t, conditioning_);
  }
  Tensor with_beside(const Tensor& x) const {
    if (!beside_.defined()) return x;
    return at::cat({x, beside_.expand({rows_, beside_.size(1), x.size(2), x.size(3)})}, 1);
  }
  Tensor leave(const Entrance& entrance) const {
    return to_host(unet_->network().leave(entrance, deep_, conditioning_));
  }

  std::shared_ptr<const UNet2d> unet_;
  PreparedConditioning conditioning_;
  Tensor beside_;  // on the host; undefined without
  int64_t rows_;
  Tensor deep_;  // of the last whole prediction
};

std::unique_ptr<ShortcutRun> UNet2d::prepare_shortcuts(const Conditioning& conditioning,
                                                       const ShortcutOptions& options) const {
  const at::NoGradGuard no_grad;
  const Tensor tokens = conditioning_of(conditioning, "tokens", 3, info_.context_width, 0);
  Tensor pooled, time_ids, guidance_scale;
  if (config_.has_text_time()) {
    std::tie(pooled, time_ids) = added_of(conditioning, config_, tokens.size(0));
    pooled = weights_.backend().to_device(pooled);
  }
  if (config_.time_cond_proj_dim) guidance_scale = conditioning_of(conditioning, kGuidanceScale, 2, 1, tokens.size(0));
  PreparedConditioning prepared =
      network_.prepare(weights_.backend().to_device(tokens), pooled, time_ids, guidance_scale);
  prepared.token_merging_ratio = options.token_merging_ratio;
  Tensor beside;
  if (const auto channels = info_.further_conditioning.find(kBeside); channels != info_.further_conditioning.end())
    beside = beside_of(conditioning, channels->second, tokens.size(0));
  return std::make_unique<UNet2dRun>(std::static_pointer_cast<const UNet2d>(shared_from_this()), std::move(prepared),
                                     std::move(beside), tokens.size(0));
}

std::string describe(const UNetConfig& config, const Json& facts) {
  std::ostringstream text;
  text << "UNet2DConditionModel, " << config.levels.size() << " levels of " << config.levels.front().channels << " to "
       << config.levels.back().channels << ", " << facts.value("parameters", int64_t{0}) / 1000000 << " M parameters";
  return text.str();
}

void add_facts(const UNetConfig& config, Json& facts) {
  Json widths = Json::array(), layers = Json::array(), heads = Json::array();
  for (const UNetLevel& level : config.levels) {
    widths.push_back(level.channels);
    layers.push_back(level.layers);
    heads.push_back(level.heads);
  }
  facts["widths"] = widths;
  facts["layers"] = layers;
  facts["heads"] = heads;
  facts["context_width"] = config.cross_attention_dim;
  facts["in_channels"] = config.in_channels;
  facts["latent_channels"] = config.out_channels;
  facts["native_latent_size"] = config.sample_size.value_or(kUsualLatents);
}

/// The config that the tensors tell, checked like one that is given.
UNetConfig derived(const ModelFiles& files, Recognition& recognition) {
  const UNetConfig config = derive_unet_config(files, recognition.faults);
  if (!recognition.faults.empty()) return config;
  ModelFiles complete = files;
  complete.config = write_unet_config(config);
  return read_unet_config(complete);
}

class UNetFactory2d final : public UNetFactory {
 public:
  const FactoryInfo& info() const override {
    static const FactoryInfo info = {"unet2d", "The UNet of SD 1.x, 2.x and SDXL.", {}, {"UNet2DConditionModel"}, {}};
    return info;
  }

  std::optional<Recognition> recognise(const ModelFiles& files) const override {
    const std::optional<bool> says_so = is_unet2d(files.config);
    const std::optional<UNetLayout> found = find_unet(files);
    if (!says_so.value_or(found.has_value())) return std::nullopt;
    const UNetLayout layout = found.value_or(UNetLayout::diffusers);

    Recognition recognition;
    UNetConfig config;
    if (files.config.is_object()) {
      config = read_unet_config(files);
    } else if (layout == UNetLayout::ldm) {
      config = derived(files, recognition);
    } else {
      throw Error(ErrorCode::bad_weights, files.place,
                  "has no config.json, which the names of a diffusers UNet do not replace");
    }
    recognition.config = write_unet_config(config);
    match_parameters(
        files, unet_parameters(config, files), [](const std::string&) { return false; }, recognition);
    if (const auto side = outdated_sample_size(files.config))
      recognition.warnings.push_back(
          {config_places(files)("sample_size"), "is " + std::to_string(*side) +
                                                    ", which diffusers before 0.9.0 wrote by "
                                                    "mistake: " +
                                                    std::to_string(*config.sample_size) +
                                                    " is used, as the reference's pipeline does"});
    add_facts(config, recognition.facts);
    recognition.description = describe(config, recognition.facts);
    return recognition;
  }

  std::shared_ptr<const UNet> create(const ModelFiles& files, const Recognition& recognition,
                                     std::shared_ptr<const Backend> backend,
                                     const OptionLayers& options) const override {
    refuse_options(options, ErrorCode::bad_config);
    ModelFiles complete = files;
    complete.config = recognition.config;
    const UNetConfig config = read_unet_config(complete);
    return std::make_shared<UNet2d>(
        config, info_of(config, files.told),
        ModelWeights(files.place, files.weights, recognition.parameters, std::move(backend)));
  }
};

}  // namespace
}  // namespace alice::unet2d

ALICE_PLUGIN("alice-model-unet2d", "0.1.0",
             [](alice::Enrolment& enrol) { enrol.add(std::make_unique<alice::unet2d::UNetFactory2d>()); })
