// The names and shapes of the full-size published models, header only: tests/data/names holds the maps between the two
// layouts, tests/data/configs the models' own config.json files.

#include "tests/models/goldens.h"

using namespace alice;
using namespace alice::test;

namespace {

using Shapes = std::map<std::string, std::vector<int64_t>>;

struct KeyMap {
  std::map<std::string, std::vector<std::string>>
      diffusers_of;  // LDM name -> "unet/...": three where q, k and v are stacked
  Shapes shapes;     // of the diffusers names
};

KeyMap read_key_map(const std::string& name) {
  const Json json = read_json_file(std::string(ALICE_TEST_DATA) + "/names/" + name + ".json");
  return {json.at("ldm_from_diffusers").get<std::map<std::string, std::vector<std::string>>>(),
          json.at("shapes").get<Shapes>()};
}

/// The shapes of a single file: stacked ones are one, and the VAE's attention is a convolution.
Shapes ldm_shapes(const KeyMap& map) {
  Shapes shapes;
  for (const auto& [ldm, names] : map.diffusers_of) {
    std::vector<int64_t> shape = map.shapes.at(names[0]);
    shape[0] *= static_cast<int64_t>(names.size());
    if (names[0].compare(0, 4, "vae/") == 0 && shape.size() == 2) shape.insert(shape.end(), {1, 1});
    shapes[ldm] = shape;
  }
  return shapes;
}

Shapes diffusers_shapes(const KeyMap& map, const std::string& part) {
  Shapes shapes;
  for (const auto& [name, shape] : map.shapes)
    if (name.compare(0, part.size() + 1, part + "/") == 0) shapes[name.substr(part.size() + 1)] = shape;
  return shapes;
}

Json published_config(const std::string& model, const std::string& part) {
  return read_json_file(std::string(ALICE_TEST_DATA) + "/configs/" + model + "/" + part + "/config.json");
}

ModelFiles files_of(Shapes shapes, Json config, const std::string& place) {
  ModelFiles files;
  files.place = place;
  files.config = std::move(config);
  files.weights = std::make_shared<IndexOnly>(std::move(shapes));
  return files;
}

/// A single file of these shapes.
ModelContents contents_of(const Shapes& shapes, const std::string& place) {
  ModelContents model;
  model.place = place;
  model.whole = std::make_shared<IndexOnly>(shapes);
  for (const char* role : {"text_encoder", "text_encoder_2", "unet", "vae"}) {
    model.parts[role].place = place;
    model.parts[role].weights = model.whole;
  }
  return model;
}

/// A part of such a file, as its family reads it.
ModelFiles part_in_file(const Shapes& shapes, const std::string& role, Json config, const std::string& place) {
  ModelFiles files = part_in(contents_of(shapes, place), role);
  files.config = std::move(config);
  return files;
}

/// Every tensor of the part is found under its LDM name, with its shape, and none is left over.
void check_ldm(const Recognition& recognition, const KeyMap& map, const std::string& part) {
  INFO(sentences(recognition.faults));
  CHECK(recognition.faults.empty());
  CHECK(recognition.layout == "ldm");
  std::map<std::string, const Parameter*> found;
  for (const Parameter& parameter : recognition.parameters) found[parameter.name] = &parameter;
  size_t expected = 0;
  for (const auto& [ldm, names] : map.diffusers_of)
    for (size_t k = 0; k < names.size(); ++k) {
      if (names[k].compare(0, part.size() + 1, part + "/") != 0) continue;
      ++expected;
      const std::string name = names[k].substr(part.size() + 1);
      INFO(ldm << " -> " << name);
      REQUIRE(found.count(name));
      CHECK(found[name]->source == ldm);
      CHECK(found[name]->shape == map.shapes.at(names[k]));
      CHECK(found[name]->stacked == (names.size() > 1));
      if (names.size() > 1) CHECK(found[name]->first_row == static_cast<int64_t>(k) * found[name]->shape[0]);
      CHECK(recognition.claimed.count(ldm));
    }
  CHECK(found.size() == expected);
}

/// Every tensor of the part's folder is found, and has its LDM name without the root for an alias.
void check_diffusers(const Recognition& recognition, const KeyMap& map, const std::string& part) {
  const std::string root = part_in_file(ldm_shapes(map), part, {}, "file").root;
  INFO(sentences(recognition.faults));
  CHECK(recognition.faults.empty());
  CHECK(recognition.layout == "diffusers");
  CHECK(recognition.parameters.size() == diffusers_shapes(map, part).size());
  std::map<std::string, std::string> aliases;
  for (const Parameter& parameter : recognition.parameters) aliases[parameter.name] = parameter.alias;
  for (const auto& [ldm, names] : map.diffusers_of)
    if (names[0].compare(0, part.size() + 1, part + "/") == 0)
      CHECK(root + aliases.at(names[0].substr(part.size() + 1)) == ldm);
}

}  // namespace

TEST_CASE("every name of the full-size SD 1.5 is known in both layouts, with its settings and without") {
  const KeyMap map = read_key_map("keymap_sd15");
  const std::string model = "stable-diffusion-v1-5";
  std::set<std::string> claimed;
  const auto check = [&](const auto& factory, const std::string& part) {
    const Json config = published_config(model, part);
    for (const Json& given : {config, Json()}) {
      CAPTURE(part, given.is_null());
      const auto recognition = factory.recognise(part_in_file(ldm_shapes(map), part, given, "sd15.safetensors"));
      REQUIRE(recognition);
      check_ldm(*recognition, map, part);
      claimed.insert(recognition->claimed.begin(), recognition->claimed.end());
    }
    const auto folder = factory.recognise(files_of(diffusers_shapes(map, part), config, "sd15/" + part));
    REQUIRE(folder);
    check_diffusers(*folder, map, part);
  };
  check(unet_factory(), "unet");
  check(vae_factory(), "vae");
  check(clip_factory(), "text_encoder");
  CHECK(claimed.size() == map.diffusers_of.size());

  const auto unet = unet_factory().recognise(part_in_file(ldm_shapes(map), "unet", Json(), "sd15.safetensors"));
  CHECK(unet->facts.at("parameters") == 859520964);
  CHECK(unet->facts.at("heads") == Json({8, 8, 8, 8}));
  const Json schedule = family_of(contents_of(ldm_shapes(map), "sd15.safetensors")).schedule;
  CHECK(schedule.at("prediction_type") == "epsilon");
  CHECK(schedule.at("beta_schedule") == "scaled_linear");
  CHECK(schedule.at("steps_offset") == 1);
  const auto text = clip_factory().recognise(part_in_file(ldm_shapes(map), "text_encoder", Json(), "sd15.safetensors"));
  CHECK(text->facts.at("heads") == published_config(model, "text_encoder").at("num_attention_heads"));
}

TEST_CASE("every name of the full-size SDXL is known in both layouts") {
  const KeyMap map = read_key_map("keymap_sdxl");
  const std::string model = "stable-diffusion-xl-base-1.0";
  const auto check = [&](const auto& factory, const std::string& part, const Json& given) {
    CAPTURE(part, given.is_null());
    const auto recognition = factory.recognise(part_in_file(ldm_shapes(map), part, given, "sdxl.safetensors"));
    REQUIRE(recognition);
    check_ldm(*recognition, map, part);
  };
  for (const char* part : {"unet", "vae", "text_encoder", "text_encoder_2"}) {
    const Json config = published_config(model, part);
    if (part == std::string("unet"))
      check(unet_factory(), part, config), check(unet_factory(), part, Json());
    else if (part == std::string("vae"))
      check(vae_factory(), part, config), check(vae_factory(), part, Json());
    else
      check(clip_factory(), part, config);
  }
  check(clip_factory(), "text_encoder", Json());
  check(clip_factory(), "text_encoder_2", Json());
  const auto unet =
      unet_factory().recognise(files_of(diffusers_shapes(map, "unet"), published_config(model, "unet"), "sdxl/unet"));
  REQUIRE(unet);
  check_diffusers(*unet, map, "unet");

  const auto derived = unet_factory().recognise(part_in_file(ldm_shapes(map), "unet", Json(), "sdxl.safetensors"));
  CHECK(derived->facts.at("parameters") == 2567463684);
  CHECK(derived->facts.at("heads") == Json({5, 10, 20}));
  CHECK(derived->facts.at("native_latent_size") == 128);
  CHECK(derived->config.at("addition_time_embed_dim") == 256);
  CHECK(vae_factory().recognise(part_in_file(ldm_shapes(map), "vae", Json(), "sdxl.safetensors"))->facts.at(
            "scaling_factor") == 0.13025);
}

TEST_CASE("EDM's preconditioning is told by flags among an SDXL file's tensors") {
  const Shapes plain = ldm_shapes(read_key_map("keymap_sdxl"));
  const auto with = [&](const std::vector<std::string>& flags, const std::vector<int64_t>& shape) {
    Shapes shapes = plain;
    for (const std::string& flag : flags) shapes[flag] = shape;
    return shapes;
  };
  const Shapes playground = with({"edm_mean", "edm_std"}, {1, 4, 1, 1});
  const Json of_noise = family_of(contents_of(playground, "playground.safetensors")).schedule;
  CHECK(of_noise.at("_class_name") == "EDMDPMSolverMultistepScheduler");
  CHECK((of_noise.at("sigma_max") == 80 && of_noise.at("sigma_data") == 0.5));
  const auto vae = vae_factory().recognise(part_in_file(playground, "vae", Json(), "playground.safetensors"));
  CHECK(vae->config.at("scaling_factor") == 0.5);
  CHECK(vae->config.at("latents_mean") == Json({-1.6574, 1.886, -1.383, 2.5155}));
  CHECK(vae->config.at("latents_std") == Json({8.4927, 5.9022, 6.5498, 5.2299}));

  const Shapes cosxl = with({"edm_vpred.sigma_max", "edm_vpred.sigma_min"}, {});
  const FamilyRecognition of_velocity = family_of(contents_of(cosxl, "cosxl.safetensors"));
  CHECK(of_velocity.schedule.at("_class_name") == "EDMEulerScheduler");
  CHECK(of_velocity.schedule.at("prediction_type") == "v_prediction");
  CHECK((of_velocity.schedule.at("sigma_max") == 120 && of_velocity.schedule.at("sigma_data") == 1));
  const auto& passed_over = of_velocity.passed_over;
  CHECK(std::find(passed_over.begin(), passed_over.end(), "edm_vpred.") != passed_over.end());

  CHECK(family_of(contents_of(plain, "sdxl.safetensors")).schedule.at("_class_name") == "EulerDiscreteScheduler");
}

TEST_CASE("the text projection as published SDXL files have it is known") {
  const KeyMap map = read_key_map("keymap_sdxl");
  Shapes shapes = ldm_shapes(map);
  const std::string name = "conditioner.embedders.1.model.text_projection";
  shapes[name] = shapes.at(name + ".weight");  // without .weight, and transposed
  shapes.erase(name + ".weight");
  const auto recognition = clip_factory().recognise(
      part_in_file(shapes, "text_encoder_2", published_config("stable-diffusion-xl-base-1.0", "text_encoder_2"),
                   "sdxl.safetensors"));
  REQUIRE(recognition);
  CHECK(recognition->faults.empty());
  const auto projection = std::find_if(recognition->parameters.begin(), recognition->parameters.end(),
                                       [](const Parameter& p) { return p.name == "text_projection.weight"; });
  REQUIRE(projection != recognition->parameters.end());
  CHECK(projection->form == Parameter::Form::transpose);
}

TEST_CASE("an SD 2.x file is told by its linear projections") {
  // SD 2.x's UNet is SD 1.x's but for the tokens and its linear projections.
  Shapes shapes = ldm_shapes(read_key_map("keymap_sd15"));
  for (auto& [name, shape] : shapes) {
    if (name.find("attn2.to_k") != std::string::npos || name.find("attn2.to_v") != std::string::npos) shape[1] = 1024;
    if (name.find("diffusion_model") != std::string::npos &&
        (name.find("proj_in.weight") != std::string::npos || name.find("proj_out.weight") != std::string::npos))
      shape.resize(2);
  }
  const auto recognition = unet_factory().recognise(part_in_file(shapes, "unet", Json(), "sd2.safetensors"));
  REQUIRE(recognition);
  INFO(sentences(recognition->faults));
  CHECK(recognition->faults.empty());
  const Json published = published_config("stable-diffusion-2-1", "unet");
  for (const char* key :
       {"attention_head_dim", "use_linear_projection", "block_out_channels", "down_block_types", "up_block_types"})
    CHECK(recognition->config.at(key) == published.at(key));
  CHECK(recognition->facts.at("parameters") == 865910724);
  CHECK_FALSE(family_of(contents_of(shapes, "sd2.safetensors")).schedule.contains("prediction_type"));  // 2.x has both

  const auto configured = unet_factory().recognise(part_in_file(shapes, "unet", published, "sd2.safetensors"));
  REQUIRE(configured);
  CHECK(configured->faults.empty());
}

TEST_CASE("a text encoder under the names of SDXL's time is SD 2.x's where the network is told no sizes (SD-Turbo)") {
  Shapes shapes;
  for (const auto& [name, shape] : ldm_shapes(read_key_map("keymap_sd15")))
    if (name.rfind("cond_stage_model.", 0) != 0) shapes[name] = shape;
  const std::string text = "conditioner.embedders.0.model.";
  shapes[text + "token_embedding.weight"] = {49408, 1024};
  const FamilyRecognition turbo = family_of(contents_of(shapes, "sd_turbo.safetensors"));
  CHECK(turbo.parts.front().role == "text_encoder");
  CHECK(turbo.parts.front().root == text);
  CHECK(turbo.parts.front().told == Json{{"drops_last_layer", true}});
  shapes["model.diffusion_model.label_emb.0.0.weight"] = {1280, 2560};
  CHECK(family_of(contents_of(shapes, "refiner.safetensors")).description == "SDXL refiner");
}

TEST_CASE("settings that do not fit the tensors are faults") {
  const Shapes shapes = ldm_shapes(read_key_map("keymap_sd15"));
  Json config = published_config("stable-diffusion-v1-5", "unet");
  config["cross_attention_dim"] = 1024;
  const auto recognition = unet_factory().recognise(part_in_file(shapes, "unet", config, "sd15.safetensors"));
  REQUIRE(recognition);
  CHECK_THAT(sentences(recognition->faults), Catch::Matchers::Contains("has shape [320, 768], [320, 1024] is needed"));
}

TEST_CASE("heads that shapes cannot tell are asked for") {
  Shapes shapes = ldm_shapes(read_key_map("keymap_sdxl"));
  for (auto& [name, shape] : shapes)
    for (const char* block : {"input_blocks.4.0", "input_blocks.5.0"})
      if (name.find(std::string(block) + ".in_layers.2.weight") != std::string::npos) shape[0] = 650;
  ModelFiles files = part_in_file(shapes, "unet", Json(), "odd.safetensors");
  CHECK_THAT(sentences(unet_factory().recognise(files)->faults), Catch::Matchers::Contains("unet/attention_head_dim"));
  files = part_of("tiny_sd15.safetensors", "text_encoder");
  files.config = Json();
  CHECK_THAT(sentences(clip_factory().recognise(files)->faults),
             Catch::Matchers::Contains("text_encoder/num_attention_heads"));
}

TEST_CASE("a file of something else is nobody's") {
  const ModelFiles files = files_of({{"model.layers.0.self_attn.q_proj.weight", {8, 8}}}, Json(), "other.safetensors");
  CHECK_FALSE(unet_factory().recognise(files));
  CHECK_FALSE(vae_factory().recognise(files));
  CHECK_FALSE(tiny_vae_factory().recognise(files));
  CHECK_FALSE(clip_factory().recognise(files));
}

TEST_CASE("a folder that names its class and lacks its tensors is told what is missing") {
  using Catch::Matchers::Contains;
  const std::string model = "stable-diffusion-v1-5";
  const Shapes stranger = {{"stranger", {1}}};
  const auto check = [&](const auto& factory, const std::string& part, const std::string& name) {
    const auto recognition = factory.recognise(files_of(stranger, published_config(model, part), "empty/" + part));
    REQUIRE(recognition);
    CHECK_THAT(sentences(recognition->faults),
               Contains("'" + name) && Contains("missing") && Contains("more tensors are missing"));
  };
  check(unet_factory(), "unet", "conv_in.weight");
  check(vae_factory(), "vae", "encoder.conv_in.weight");
  check(clip_factory(), "text_encoder", "text_model.embeddings.token_embedding.weight");
}
