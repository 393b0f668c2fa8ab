// Networks whose attentions are not all of one depth (SSD-1B), and single files that count their blocks otherwise
// (BK-SDM).

#include "tests/models/goldens.h"
#include "tests/support/errors.h"

using namespace alice;
using namespace alice::test;

namespace {

const std::filesystem::path kFamilies = std::filesystem::path(ALICE_TEST_DATA) / "families";

/// The UNet of a folder of tests/data/families.
ModelFiles unet_of(const std::string& model) {
  const std::filesystem::path folder = kFamilies / "models" / ("tiny_" + model) / "unet";
  ModelFiles files;
  files.place = "unet";
  files.weights = SafetensorsFile::open(folder / "diffusion_pytorch_model.safetensors");
  files.config = read_json_file(folder / "config.json");
  return files;
}

/// Its structure at the published one's widths.
Json published(const std::string& model) {
  Json config = unet_of(model).config;
  const bool is_xl = config.contains("addition_embed_type");
  const Json widths = is_xl ? Json{320, 640, 1280} : Json{320, 640, 1280, 1280};
  const size_t levels = config.at("block_out_channels").size();
  config["block_out_channels"] = Json(std::vector<Json>(widths.begin(), widths.begin() + levels));
  config["norm_num_groups"] = 32;
  config["cross_attention_dim"] = is_xl ? 2048 : 768;
  config["attention_head_dim"] = is_xl ? Json{5, 10, 20} : Json(8);
  if (is_xl) config["addition_time_embed_dim"] = 256, config["projection_class_embeddings_input_dim"] = 2816;
  return config;
}

/// The published UNet alone in a single file, in its names and without settings.
ModelFiles single_file_of(const std::string& model) {
  ModelFiles files = unet_of(model);
  files.config = published(model);
  std::map<std::string, std::vector<int64_t>> ours, theirs;
  const auto folder = unet_factory().recognise(files);
  for (const Parameter& parameter : folder->parameters) ours[parameter.name] = parameter.shape;
  const Json names = read_json_file(kFamilies / "single" / (model + ".json"));
  for (const auto& name : names.at("tensors").items())
    theirs[name.key()] = ours.at(name.value().at(1).get<std::string>().substr(std::string("unet/").size()));
  files.root = "model.diffusion_model.";
  files.config = nullptr;
  files.weights = std::make_shared<IndexOnly>(std::move(theirs));
  return files;
}

/// What tensors tell of a network.
Json structure(const Recognition& recognition) {
  Json out;
  for (const char* name : {"layers_per_block", "transformer_layers_per_block", "reverse_transformer_layers_per_block",
                           "block_out_channels", "down_block_types", "up_block_types", "mid_block_type", "in_channels",
                           "cross_attention_dim", "use_linear_projection", "attention_head_dim"})
    out[name] = recognition.config.at(name);
  return out;
}

std::string fault_of(const Json& settings) {
  ModelFiles files = unet_of("ssd1b");
  files.config.update(settings);
  return error_of([&] { unet_factory().recognise(files); }).what();
}

}  // namespace

TEST_CASE("a single file's names tell the network's structure, however they count its blocks") {
  for (const std::string model : {"ssd1b", "vega", "bk_base", "bk_small", "bk_tiny"}) {
    CAPTURE(model);
    ModelFiles large = unet_of(model);
    CHECK(unet_factory().recognise(large)->faults.empty());
    large.config = published(model);
    const auto folder = unet_factory().recognise(large);  // of other shapes, which are faults
    const auto file = unet_factory().recognise(single_file_of(model));
    INFO(sentences(file->faults));
    CHECK(file->faults.empty());
    CHECK(structure(*file) == structure(*folder));
    CHECK(file->layout == "ldm");
    CHECK(file->warnings.empty());
    CHECK(file->parameters.size() == folder->parameters.size());
  }
}

TEST_CASE("depths of each attention are read, and written so that they are read again") {
  const auto recognition = unet_factory().recognise(unet_of("ssd1b"));
  CHECK(recognition->config.at("transformer_layers_per_block") == Json({1, 2, 4}));
  CHECK(recognition->config.at("reverse_transformer_layers_per_block") == Json({{4, 4, 10}, {2, 1, 1}, 1}));
  ModelFiles again = unet_of("ssd1b");
  again.config = recognition->config;
  CHECK(unet_factory().recognise(again)->config == recognition->config);
  CHECK(unet_factory().recognise(unet_of("vega"))->config.at("reverse_transformer_layers_per_block").is_null());
}

TEST_CASE("depths that do not fit the network are named") {
  const std::string up = "reverse_transformer_layers_per_block", down = "transformer_layers_per_block";
  CHECK(says(fault_of({{up, nullptr}}), down + ": says one for each attention of a level: " + up + " must be given"));
  CHECK(says(fault_of({{up, {{4, 4}, {2, 1, 1}, 1}}}), up + ": must be transformer blocks from 1 to 64, one number or "
                                                            "one for each of 3 attentions, got [4,4]"));
  CHECK(says(fault_of({{down, {1, {2, 0}, 4}}}), "one for each of 2 attentions, got [2,0]"));
  CHECK(says(fault_of({{down, {1, 2}}}), down + ": must be one value or one for each of the 3 levels, got 2"));
  CHECK(says(fault_of({{down, "deep"}}), "got \"deep\""));
}
