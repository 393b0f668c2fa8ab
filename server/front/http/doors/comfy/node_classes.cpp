#include "server/front/http/doors/comfy/node_classes.h"

#include <algorithm>

namespace alice::comfy {

const char* const kNetworkInput = "model";
const char* const kEncoderInput = "clip";

namespace {

constexpr double kMostSeed = 18446744073709551615.0, kLongestSide = 16384, kMostOfBatch = 4096;

Input link(const char* name, const char* type, bool is_required = true) {
  Input input;
  input.name = name, input.type = type, input.is_required = is_required;
  return input;
}

Input number(const char* name, Kind kind, const Json& usual, double minimum, double maximum, double step) {
  Input input;
  input.name = name, input.kind = kind, input.usual = usual;
  input.minimum = minimum, input.maximum = maximum, input.step = step;
  return input;
}
Input whole(const char* name, int64_t usual, double minimum, double maximum, double step = 1) {
  return number(name, Kind::integer, usual, minimum, maximum, step);
}
Input real(const char* name, double usual, double minimum, double maximum) {
  return number(name, Kind::number, usual, minimum, maximum, 0.01);
}

Input text(const char* name, const Json& usual = nullptr) {
  Input input;
  input.name = name, input.kind = Kind::text, input.usual = usual;
  return input;
}

Input word(const char* name, Words words) {
  Input input;
  input.name = name, input.kind = Kind::word, input.words = words;
  return input;
}

std::vector<Input> of_sampler() {
  return {link("model", "MODEL"),
          whole("seed", 0, 0, kMostSeed),
          whole("steps", 20, 1, 10000),
          real("cfg", 8, 0, 100),
          word("sampler_name", Words::samplers),
          word("scheduler", Words::spacings),
          link("positive", "CONDITIONING"),
          link("negative", "CONDITIONING"),
          link("latent_image", "LATENT"),
          real("denoise", 1, 0, 1)};
}

std::vector<Input> of_empty_latent() {
  constexpr double kGrid = 8;
  return {whole("width", 512, 16, kLongestSide, kGrid), whole("height", 512, 16, kLongestSide, kGrid),
          whole("batch_size", 1, 1, kMostOfBatch)};
}

std::vector<NodeClass> all_classes() {
  constexpr double kStrongest = 100;
  const std::vector<std::string> image = {"IMAGE"}, with_mask = {"IMAGE", "MASK"}, latent = {"LATENT"};
  return {
      {"CheckpointLoaderSimple", "Load Checkpoint", "loaders", "a model of this server",
       {word("ckpt_name", Words::checkpoints)}, {"MODEL", "CLIP", "VAE"}},
      {"CLIPTextEncode", "CLIP Text Encode (Prompt)", "conditioning", "a prompt",
       {text("text"), link("clip", "CLIP")}, {"CONDITIONING"}},
      {"CLIPSetLastLayer", "CLIP Set Last Layer", "conditioning", "the text encoder's layer that counts, from its end",
       {link("clip", "CLIP"), whole("stop_at_clip_layer", -1, -24, -1)}, {"CLIP"}},
      {"LoraLoader", "Load LoRA", "loaders", "a LoRA of this server",
       {link("model", "MODEL"), link("clip", "CLIP"), word("lora_name", Words::loras),
        real("strength_model", 1, -kStrongest, kStrongest), real("strength_clip", 1, -kStrongest, kStrongest)},
       {"MODEL", "CLIP"}},
      {"LoraLoaderModelOnly", "LoraLoaderModelOnly", "loaders", "a LoRA, without its share of the text encoder",
       {link("model", "MODEL"), word("lora_name", Words::loras), real("strength_model", 1, -kStrongest, kStrongest)},
       {"MODEL"}},
      {"VAELoader", "Load VAE", "loaders", "models have their own", {word("vae_name", Words::own_vae)}, {"VAE"}},
      {"EmptyLatentImage", "Empty Latent Image", "latent", "the picture's size", of_empty_latent(), latent},
      {"EmptySD3LatentImage", "EmptySD3LatentImage", "latent/sd3", "the picture's size", of_empty_latent(), latent},
      {"LoadImage", "Load Image", "image", "a picture that POST /upload/image brought",
       {word("image", Words::uploads)}, with_mask},
      {"ETN_LoadImageBase64", "Load Image (Base64)", "external_tooling", "a picture's bytes in base64",
       {text("image", "")}, with_mask},
      {"ImageScale", "Upscale Image", "image/upscaling", "the size that the picture is brought to",
       {link("image", "IMAGE"), word("upscale_method", Words::scalings), whole("width", 512, 0, kLongestSide),
        whole("height", 512, 0, kLongestSide), word("crop", Words::crops)},
       image},
      {"VAEEncode", "VAE Encode", "latent", "what the picture is made from",
       {link("pixels", "IMAGE"), link("vae", "VAE")}, latent},
      {"KSampler", "KSampler", "sampling", "makes the picture", of_sampler(), latent},
      {"VAEDecode", "VAE Decode", "latent", "the picture's pixels", {link("samples", "LATENT"), link("vae", "VAE")},
       image},
      {"SaveImage", "Save Image", "image", "the server names pictures itself",
       {link("images", "IMAGE"), text("filename_prefix", "ComfyUI")}, {}, /*is_output=*/true},
      {"PreviewImage", "Preview Image", "image", "as SaveImage", {link("images", "IMAGE")}, {}, /*is_output=*/true},
      {"UNETLoader", "Load Diffusion Model", "advanced/loaders", "models of this server are checkpoints",
       {word("unet_name", Words::nothing)}, {"MODEL"}, false, /*is_built=*/false}};
}

Json describe_input(const Input& input, const WordLists& words) {
  Json more = Json::object();
  if (!input.usual.is_null()) more["default"] = input.usual;
  if (input.kind == Kind::integer) {
    // 2^64 - 1 is no double: what is near it is told as the number itself
    more["min"] = static_cast<int64_t>(input.minimum);
    more["max"] = input.maximum >= kMostSeed ? Json(UINT64_MAX) : Json(static_cast<int64_t>(input.maximum));
    more["step"] = static_cast<int64_t>(input.step);
  } else if (input.kind == Kind::number) {
    more["min"] = input.minimum, more["max"] = input.maximum, more["step"] = input.step;
  } else if (input.kind == Kind::text && input.name == "text") {
    more["multiline"] = true;
  }
  if (input.words == Words::uploads) more["image_upload"] = true;
  Json first = type_of(input);
  if (const auto found = words.find(input.words); input.kind == Kind::word)
    first = found == words.end() ? Json::array() : Json(found->second);
  Json told = Json::array();
  told.push_back(std::move(first));
  if (!more.empty()) told.push_back(std::move(more));
  return told;
}

}  // namespace

const std::vector<NodeClass>& node_classes() {
  static const std::vector<NodeClass> all = all_classes();
  return all;
}

const NodeClass* node_class(const std::string& name) {
  const auto& all = node_classes();
  const auto found = std::find_if(all.begin(), all.end(), [&](const NodeClass& one) { return one.name == name; });
  return found == all.end() ? nullptr : &*found;
}

std::string type_of(const Input& input) {
  switch (input.kind) {
    case Kind::link: return input.type;
    case Kind::integer: return "INT";
    case Kind::number: return "FLOAT";
    case Kind::text: return "STRING";
    case Kind::word: return "COMBO";
  }
  return "";
}

Json describe_node(const NodeClass& node, const WordLists& words) {
  Json inputs = Json::object(), order = Json::array();
  for (const Input& input : node.inputs) {
    inputs[input.name] = describe_input(input, words);
    order.push_back(input.name);
  }
  return {{"input", {{"required", inputs}}},
          {"input_order", {{"required", order}}},
          {"output", node.outputs},
          {"output_is_list", std::vector<bool>(node.outputs.size(), false)},
          {"output_name", node.outputs},
          {"name", node.name},
          {"display_name", node.title},
          {"description", node.help},
          {"python_module", "nodes"},
          {"category", node.category},
          {"output_node", node.is_output}};
}

}  // namespace alice::comfy
