#include "plugins/models/unet2d/unet_config.h"

#include <algorithm>
#include <cstdio>

#include "plugins/models/unet2d/unet_depths.h"

namespace alice::unet2d {
namespace {

constexpr const char* kClass = "UNet2DConditionModel";
constexpr const char* kAttendingMiddle = "UNetMidBlock2DCrossAttn";
constexpr const char* kResidualMiddle = "UNetMidBlock2D";
constexpr const char* kTextTime = "text_time";
constexpr size_t kMostLevels = 8;
constexpr int64_t kUsualSide = 64;  // latents: 512 pixels

/// The settings as they stand in config.json; names and defaults are diffusers'. Lists: one element a level.
struct Settings {
  int64_t in_channels = 4, out_channels = 4;
  std::vector<int64_t> sample_size;  // one or two sides
  bool center_input_sample = false, flip_sin_to_cos = true, use_linear_projection = false;
  double freq_shift = 0, norm_eps = 1e-5;
  std::vector<std::string> down_block_types = {"CrossAttnDownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D",
                                               "DownBlock2D"};
  std::vector<std::string> up_block_types = {"UpBlock2D", "CrossAttnUpBlock2D", "CrossAttnUpBlock2D",
                                             "CrossAttnUpBlock2D"};
  std::vector<int64_t> block_out_channels = {320, 640, 1280, 1280};
  std::vector<int64_t> layers_per_block = {2}, cross_attention_dim = {1280};
  std::vector<int64_t> attention_head_dim = {8}, num_attention_heads;
  int64_t downsample_padding = 1, norm_num_groups = 32, conv_in_kernel = 3, conv_out_kernel = 3;
  std::optional<int64_t> time_embedding_dim, addition_time_embed_dim, projection_class_embeddings_input_dim;
  std::optional<int64_t> time_cond_proj_dim;
  std::optional<std::string> addition_embed_type;
  std::optional<MiddleBlock> mid_block_type = MiddleBlock::attending;
};

constexpr Range kWidth = {1, 1 << 13};
constexpr Range kHeads = {1, 1 << 10};
constexpr Range kKernel = {1, 15};

const OptionTable<Settings>& options() {
  static const auto table =
      OptionTable<Settings>()
          .integer("in_channels", &Settings::in_channels, {1, 256}, "channels of the latents that go in")
          .integer("out_channels", &Settings::out_channels, {1, 256}, "channels of the prediction")
          .integer("sample_size", &Settings::sample_size, {1, 1 << 16}, "side that it was trained at", "latents")
          .boolean("center_input_sample", &Settings::center_input_sample, "2 x - 1 goes in")
          .boolean("flip_sin_to_cos", &Settings::flip_sin_to_cos, "cosines come first in the time embedding")
          .number("freq_shift", &Settings::freq_shift, {0, 1}, "shift in the frequencies of the time embedding")
          .text("down_block_types", &Settings::down_block_types, "kind of each level on the way down")
          .text("up_block_types", &Settings::up_block_types, "kind of each level on the way up")
          .integer("block_out_channels", &Settings::block_out_channels, kWidth, "width of each level")
          .integer("layers_per_block", &Settings::layers_per_block, {1, 64}, "residual blocks of a level")
          .integer("cross_attention_dim", &Settings::cross_attention_dim, {1, 1 << 14}, "width of the tokens")
          .integer("attention_head_dim", &Settings::attention_head_dim, kHeads,
                   "heads of attention: the name is an old mistake")
          .integer("num_attention_heads", &Settings::num_attention_heads, kHeads,
                   "heads of attention, where it is given")
          .boolean("use_linear_projection", &Settings::use_linear_projection,
                   "linear layers around a transformer, not convolutions")
          .integer("downsample_padding", &Settings::downsample_padding, {0, 1}, "padding of the halving convolutions")
          .integer("norm_num_groups", &Settings::norm_num_groups, kWidth, "groups of the norms")
          .number("norm_eps", &Settings::norm_eps, {1e-12, 1}, "added to a norm's variance")
          .integer("conv_in_kernel", &Settings::conv_in_kernel, kKernel, "side of the first convolution")
          .integer("conv_out_kernel", &Settings::conv_out_kernel, kKernel, "side of the last convolution")
          .integer("time_embedding_dim", &Settings::time_embedding_dim, {1, 1 << 16}, "width of the time embedding")
          .integer("time_cond_proj_dim", &Settings::time_cond_proj_dim, {4, 1 << 14}, "sinusoids of the guidance scale")
          .choice("mid_block_type", &Settings::mid_block_type,
                  {{kAttendingMiddle, MiddleBlock::attending}, {kResidualMiddle, MiddleBlock::residual}},
                  "what lies between the way down and the way up; null: nothing")
          .text("addition_embed_type", &Settings::addition_embed_type, "what is added to the time embedding")
          .integer("addition_time_embed_dim", &Settings::addition_time_embed_dim, kWidth, "sinusoids of a size")
          .integer("projection_class_embeddings_input_dim", &Settings::projection_class_embeddings_input_dim,
                   {1, 1 << 18}, "width of pooled text and sinusoids together");
  return table;
}

/// What may be one value in config.json where Settings has a list.
constexpr const char* kLists[] = {"sample_size", "layers_per_block", "cross_attention_dim", "attention_head_dim",
                                  "num_attention_heads"};

Json with_lists(Json config) {
  if (!config.is_object()) return config;
  for (const char* name : kLists)
    if (const auto found = config.find(name); found != config.end() && found->is_number())
      *found = Json::array({*found});
  return config;
}

/// Settings that change the network in ways that are not built: each with the values that change nothing.
struct Fixed {
  const char* name;
  Json allowed;
};

const std::vector<Fixed>& fixed_settings() {
  static const std::vector<Fixed> fixed = {
      {"act_fn", {"silu", "swish"}},
      {"mid_block_scale_factor", {1}},
      {"mid_block_only_cross_attention", {nullptr, false}},
      {"only_cross_attention", {false}},
      {"dual_cross_attention", {false}},
      {"cross_attention_norm", {nullptr}},
      {"attention_type", {"default"}},
      {"class_embed_type", {nullptr}},
      {"num_class_embeds", {nullptr}},
      {"class_embeddings_concat", {false}},
      {"encoder_hid_dim", {nullptr}},
      {"encoder_hid_dim_type", {nullptr}},
      {"resnet_time_scale_shift", {"default"}},
      {"resnet_skip_time_act", {false}},
      {"resnet_out_scale_factor", {1}},
      {"time_embedding_type", {"positional"}},
      {"time_embedding_act_fn", {nullptr}},
      {"timestep_post_act", {nullptr}},
  };
  return fixed;
}

void check_fixed(const Json& config, const PlaceOf& place, Faults& faults) {
  for (const Fixed& fixed : fixed_settings()) {
    const auto found = config.find(fixed.name);
    if (found == config.end()) continue;
    const Json values = found->is_array() && !found->empty() ? *found : Json::array({*found});
    for (const Json& value : values)
      if (std::find(fixed.allowed.begin(), fixed.allowed.end(), value) == fixed.allowed.end()) {
        faults.add(place(fixed.name), dump_json(value) + " is not built; " + dump_json(fixed.allowed[0]) + " is");
        break;
      }
  }
}

/// A list of one value stands for all levels.
std::vector<int64_t> for_levels(std::vector<int64_t> list, size_t levels, const std::string& place, Faults& faults) {
  if (list.size() == 1) list.resize(levels, list[0]);
  if (list.size() != levels) {
    faults.add(place, "must be one value or one for each of the " + std::to_string(levels) + " levels, got " +
                          std::to_string(list.size()));
    list.resize(levels, 1);
  }
  return list;
}

/// Which levels attend; the types come in the order of the levels.
std::vector<bool> attending(const std::vector<std::string>& types, const std::string& plain,
                            const std::string& crossing, size_t levels, const std::string& place, Faults& faults) {
  std::vector<bool> attends(levels, false);
  if (types.size() != levels)
    faults.add(place, "must name a block for each of the " + std::to_string(levels) + " levels of block_out_channels");
  for (size_t i = 0; i < types.size() && i < levels; ++i) {
    attends[i] = types[i] == crossing;
    if (types[i] != crossing && types[i] != plain)
      faults.add(place, "'" + types[i] + "' is not built; " + plain + " and " + crossing + " are");
  }
  return attends;
}

std::vector<UNetLevel> read_levels(const Settings& settings, const Json& config, const PlaceOf& place, Faults& faults) {
  const size_t count = settings.block_out_channels.size();
  const auto spread = [&](const std::vector<int64_t>& list, const char* name) {
    return for_levels(list, count, place(name), faults);
  };
  const auto layers = spread(settings.layers_per_block, "layers_per_block");
  // What diffusers calls attention_head_dim has always been the number of heads, unless num_attention_heads is given.
  const bool has_own = !settings.num_attention_heads.empty();
  const auto heads = has_own ? spread(settings.num_attention_heads, "num_attention_heads")
                             : spread(settings.attention_head_dim, "attention_head_dim");
  const auto down = attending(settings.down_block_types, "DownBlock2D", "CrossAttnDownBlock2D", count,
                              place("down_block_types"), faults);
  const std::vector<std::string> up_types(settings.up_block_types.rbegin(), settings.up_block_types.rend());
  const auto up = attending(up_types, "UpBlock2D", "CrossAttnUpBlock2D", count, place("up_block_types"), faults);

  std::vector<UNetLevel> levels;
  for (size_t i = 0; i < count; ++i) {
    levels.push_back({settings.block_out_channels[i], layers[i], heads[i], down[i], up[i], {}, {}});
    if (levels[i].channels % settings.norm_num_groups != 0)
      faults.add(place("block_out_channels"), std::to_string(levels[i].channels) +
                                                  " channels do not fall into norm_num_groups, " +
                                                  std::to_string(settings.norm_num_groups));
    const bool in_the_middle = i + 1 == count && settings.mid_block_type == MiddleBlock::attending;
    const bool attends = down[i] || up[i] || in_the_middle;
    if (attends && levels[i].channels % levels[i].heads != 0)
      faults.add(place(has_own ? "num_attention_heads" : "attention_head_dim"),
                 std::to_string(levels[i].heads) + " heads cannot share " + std::to_string(levels[i].channels) +
                     " channels evenly");
  }
  read_depths(config, levels, place, faults);
  return levels;
}

void check_text_time(const Settings& settings, const PlaceOf& place, Faults& faults) {
  if (!settings.addition_embed_type) return;
  if (*settings.addition_embed_type != kTextTime) {
    faults.add(place("addition_embed_type"),
               "'" + *settings.addition_embed_type + "' is not built; null and " + kTextTime + " are");
    return;
  }
  if (!settings.addition_time_embed_dim) faults.add(place("addition_time_embed_dim"), "must be given with text_time");
  if (!settings.projection_class_embeddings_input_dim)
    faults.add(place("projection_class_embeddings_input_dim"), "must be given with text_time");
  else if (*settings.projection_class_embeddings_input_dim <=
           kRefinerTimeIds * settings.addition_time_embed_dim.value_or(1))
    faults.add(place("projection_class_embeddings_input_dim"),
               "leaves no room for pooled text beside " + std::to_string(kRefinerTimeIds) +
                   " sizes of addition_time_embed_dim");
}

void check(const Settings& settings, const PlaceOf& place, Faults& faults) {
  const auto& widths = settings.block_out_channels;
  if (widths.empty() || widths.size() > kMostLevels)
    faults.add(place("block_out_channels"), "must have from 1 to " + std::to_string(kMostLevels) + " levels");
  else if (widths[0] / 2 <= settings.freq_shift)
    faults.add(place("block_out_channels"), std::to_string(widths[0]) + " channels are too few for a time embedding");
  const auto& contexts = settings.cross_attention_dim;
  if (contexts.empty() ||
      std::count(contexts.begin(), contexts.end(), contexts[0]) != static_cast<ptrdiff_t>(contexts.size()))
    faults.add(place("cross_attention_dim"), "must be the same for all levels");
  for (const auto& [name, side] :
       {std::pair("conv_in_kernel", settings.conv_in_kernel), std::pair("conv_out_kernel", settings.conv_out_kernel)})
    if (side % 2 == 0) faults.add(place(name), "must be odd, got " + std::to_string(side));
  check_text_time(settings, place, faults);
}

}  // namespace

std::optional<bool> is_unet2d(const Json& config) {
  if (!config.is_object() || !config.contains("_class_name")) return std::nullopt;
  return config["_class_name"] == kClass;
}

std::optional<int64_t> outdated_sample_size(const Json& config) {
  if (!config.is_object()) return std::nullopt;
  const Json version = config.value("_diffusers_version", Json()), side = config.value("sample_size", Json());
  if (!version.is_string() || !side.is_number_integer() || side >= kUsualSide) return std::nullopt;
  int major = 0, minor = 0;
  const bool is_version = std::sscanf(version.get_ref<const std::string&>().c_str(), "%d.%d", &major, &minor) == 2;
  if (!is_version || major > 0 || minor >= 9) return std::nullopt;
  return side.get<int64_t>();
}

UNetConfig read_unet_config(const ModelFiles& files) {
  const PlaceOf place = config_places(files);
  Faults faults;
  const Settings settings = options().read(with_lists(files.config), UnknownKeys::pass_over, place, faults);
  if (files.config.is_object()) check_fixed(files.config, place, faults);
  check(settings, place, faults);

  UNetConfig config;
  config.levels = read_levels(settings, files.config, place, faults);
  faults.throw_if_any(ErrorCode::bad_weights);
  config.in_channels = settings.in_channels;
  config.out_channels = settings.out_channels;
  if (!settings.sample_size.empty()) config.sample_size = settings.sample_size[0];
  if (outdated_sample_size(files.config)) config.sample_size = kUsualSide;
  config.center_input_sample = settings.center_input_sample;
  config.flip_sin_to_cos = settings.flip_sin_to_cos;
  config.freq_shift = settings.freq_shift;
  config.downsample_padding = settings.downsample_padding;
  config.norm_num_groups = settings.norm_num_groups;
  config.norm_eps = settings.norm_eps;
  config.cross_attention_dim = settings.cross_attention_dim[0];
  config.use_linear_projection = settings.use_linear_projection;
  config.conv_in_kernel = settings.conv_in_kernel;
  config.conv_out_kernel = settings.conv_out_kernel;
  config.time_embedding_dim = settings.time_embedding_dim;
  config.time_cond_proj_dim = settings.time_cond_proj_dim;
  config.middle = settings.mid_block_type.value_or(MiddleBlock::none);
  if (settings.addition_embed_type) {
    config.addition_time_embed_dim = settings.addition_time_embed_dim;
    config.projection_class_embeddings_input_dim = settings.projection_class_embeddings_input_dim;
  }
  return config;
}

Json write_unet_config(const UNetConfig& config) {
  Settings settings;
  settings.in_channels = config.in_channels;
  settings.out_channels = config.out_channels;
  if (config.sample_size) settings.sample_size = {*config.sample_size};
  settings.center_input_sample = config.center_input_sample;
  settings.flip_sin_to_cos = config.flip_sin_to_cos;
  settings.freq_shift = config.freq_shift;
  settings.downsample_padding = config.downsample_padding;
  settings.norm_num_groups = config.norm_num_groups;
  settings.norm_eps = config.norm_eps;
  settings.cross_attention_dim = {config.cross_attention_dim};
  settings.use_linear_projection = config.use_linear_projection;
  settings.conv_in_kernel = config.conv_in_kernel;
  settings.conv_out_kernel = config.conv_out_kernel;
  settings.time_embedding_dim = config.time_embedding_dim;
  settings.time_cond_proj_dim = config.time_cond_proj_dim;
  if (config.middle == MiddleBlock::none)
    settings.mid_block_type.reset();
  else
    settings.mid_block_type = config.middle;
  if (config.has_text_time()) settings.addition_embed_type = kTextTime;
  settings.addition_time_embed_dim = config.addition_time_embed_dim;
  settings.projection_class_embeddings_input_dim = config.projection_class_embeddings_input_dim;
  for (auto* list : {&settings.block_out_channels, &settings.layers_per_block, &settings.attention_head_dim})
    list->clear();
  settings.down_block_types.clear(), settings.up_block_types.clear();
  for (const UNetLevel& level : config.levels) {
    settings.block_out_channels.push_back(level.channels);
    settings.layers_per_block.push_back(level.layers);
    settings.attention_head_dim.push_back(level.heads);
    settings.down_block_types.push_back(level.attends_down ? "CrossAttnDownBlock2D" : "DownBlock2D");
    settings.up_block_types.insert(settings.up_block_types.begin(),
                                   level.attends_up ? "CrossAttnUpBlock2D" : "UpBlock2D");
  }
  Json json = options().write(settings);
  write_depths(config.levels, json);
  json["_class_name"] = kClass;
  return json;
}

}  // namespace alice::unet2d
