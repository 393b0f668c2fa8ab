#include "server/front/http/doors/comfy/graph_job.h"

#include <algorithm>
#include <cmath>

#include "core/base/utf8.h"
#include "server/front/http/doors/comfy/model_names.h"
#include "server/front/http/doors/comfy/sampler_words.h"
#include "server/front/http/door_fields.h"
#include "server/front/http/sent_body.h"

namespace alice::comfy {
namespace {

constexpr const char* kNotMapped = "This way of linking is not built";

/// A LoRA on its way from a checkpoint.
struct Patch {
  const Node* node;
  double strength;
};

struct Chain {
  std::vector<Patch> patches;
  const Node* layer = nullptr;  ///< a CLIPSetLastLayer
};

class Walker {
 public:
  Walker(const Graph& graph, const ServerState& state, const FindUpload& find_upload)
      : graph_(graph), state_(state), find_upload_(find_upload) {}

  GraphJob walk();

 private:
  const Node& sampler_of(const Node& output);
  void take_sampler(const Node& sampler);
  Chain take_prompt(const Node& sampler, const char* input, const char* field);
  void take_encoder(const Node& sampler, const Chain& positive, const Chain& negative);
  void take_loras(const std::vector<Patch>& of_model, const std::vector<Patch>& of_text);
  void take_vae(const Node& node);
  void take_latent(const Node& sampler);
  void take_pixels(const Node& encoder);
  void take_picture(const Node& node);
  void take_steps(const Node& sampler);
  void take_checkpoint(const Node& loader);
  Chain follow(const Node& from, const char* input, const char* kind);
  void set(const char* field, Json value, const Node& node, const char* input);
  [[noreturn]] void refuse(const Node& node, const std::string& input, const char* type, const char* message,
                           const std::string& details);

  const Graph& graph_;
  const ServerState& state_;
  const FindUpload& find_upload_;
  GraphJob made_;
  DoorFields fields_;
  Faults faults_;
  const Node* checkpoint_ = nullptr;
};

void Walker::refuse(const Node& node, const std::string& input, const char* type, const char* message,
                    const std::string& details) {
  PromptRefusal refusal = refused_nodes({{node.id, input, type, message, details}});
  refusal.classes[node.id] = node.type->name;
  refusal.dependent_outputs = graph_.outputs;
  throw refusal;
}

void Walker::set(const char* field, Json value, const Node& node, const char* input) {
  fields_.generate[field] = std::move(value);
  fields_.places[field] = json_places(json_places("/prompt")(node.id) + "/inputs")(input);
  made_.origins[field] = {node.id, input};
}

/// Every output must want what one sampler makes: a job is one.
const Node& Walker::sampler_of(const Node& output) {
  const Node& decoder = graph_.behind(output, "images");
  if (decoder.type->name != "VAEDecode")
    refuse(decoder, "", "not_built", kNotMapped,
           decoder.type->name + " before " + output.type->name + "; the pictures of VAEDecode are saved");
  take_vae(graph_.behind(decoder, "vae"));
  const Node& sampler = graph_.behind(decoder, "samples");
  if (sampler.type->name != "KSampler")
    refuse(sampler, "", "not_built", kNotMapped,
           sampler.type->name + " before VAEDecode; what KSampler makes is decoded");
  return sampler;
}

void Walker::take_checkpoint(const Node& loader) {
  if (checkpoint_ != nullptr && checkpoint_ != &loader)
    refuse(loader, "ckpt_name", "not_built", kNotMapped,
           "a second checkpoint beside node " + checkpoint_->id + "; model, text encoder and VAE are one checkpoint's");
  checkpoint_ = &loader;
  set("model", find_checkpoint(state_, loader.values.at("ckpt_name").get<std::string>()), loader, "ckpt_name");
}

void Walker::take_vae(const Node& node) {
  if (node.type->name == "VAELoader") return;  // its only word is the model's own
  take_checkpoint(node);
}

/// From an input of `from` to the checkpoint: what is met, nearest to the checkpoint last. Of several layers the one
/// that is set last counts, which is met first.
Chain Walker::follow(const Node& from, const char* input, const char* kind) {
  const bool is_text = kind == kEncoderInput;
  Chain chain;
  const Node* node = &graph_.behind(from, input);
  while (node->type->name != "CheckpointLoaderSimple") {
    if (node->type->name != "CLIPSetLastLayer")  // else a LoRA: nothing else gives a MODEL or a CLIP
      chain.patches.push_back({node, node->values.at(is_text ? "strength_clip" : "strength_model").get<double>()});
    else if (chain.layer == nullptr)
      chain.layer = node;
    node = &graph_.behind(*node, kind);
  }
  take_checkpoint(*node);
  return chain;
}

Chain Walker::take_prompt(const Node& sampler, const char* input, const char* field) {
  const Node& encoder = graph_.behind(sampler, input);
  set(field, encoder.values.at("text"), encoder, "text");
  return follow(encoder, kEncoderInput, kEncoderInput);
}

/// Both prompts must be read by the same text encoder.
void Walker::take_encoder(const Node& sampler, const Chain& positive, const Chain& negative) {
  const auto layer_of = [](const Chain& chain) {
    return chain.layer == nullptr ? Json() : chain.layer->values.at("stop_at_clip_layer");
  };
  const bool same = layer_of(positive) == layer_of(negative) && positive.patches.size() == negative.patches.size() &&
                    std::equal(positive.patches.begin(), positive.patches.end(), negative.patches.begin(),
                               [](const Patch& a, const Patch& b) { return a.node == b.node; });
  if (!same)
    refuse(sampler, "negative", "not_built", kNotMapped,
           "the two prompts pass other LoRAs or layers; both must pass the same");
  if (positive.layer != nullptr)
    set("clip_skip", -layer_of(positive).get<int64_t>() - 1, *positive.layer, "stop_at_clip_layer");
}

void Walker::take_loras(const std::vector<Patch>& of_model, const std::vector<Patch>& of_text) {
  Json loras = Json::array();
  const auto strength_in = [](const std::vector<Patch>& patches, const Node* node) {
    const auto found =
        std::find_if(patches.begin(), patches.end(), [&](const Patch& one) { return one.node == node; });
    return found == patches.end() ? 0.0 : found->strength;
  };
  const auto add = [&](const Node& node, double of_network, double of_encoder) {
    const std::string name = find_lora(state_, node.values.at("lora_name").get<std::string>());
    loras.push_back({{"name", name}, {"strength", of_network}, {"text_encoder_strength", of_encoder}});
    set("loras", loras, node, "lora_name");
  };
  for (auto patch = of_model.rbegin(); patch != of_model.rend(); ++patch)
    add(*patch->node, patch->strength, strength_in(of_text, patch->node));
  for (auto patch = of_text.rbegin(); patch != of_text.rend(); ++patch)
    if (std::none_of(of_model.begin(), of_model.end(), [&](const Patch& one) { return one.node == patch->node; }))
      add(*patch->node, 0, patch->strength);
}

/// ComfyUI does `steps` steps, the last of int(steps / denoise); here strength is the share of steps that is done,
/// rounded down.
void Walker::take_steps(const Node& sampler) {
  const int64_t steps = sampler.values.at("steps").get<int64_t>();
  const double denoise = sampler.values.at("denoise").get<double>();
  const bool has_picture = fields_.generate.contains("image");
  set("steps", steps, sampler, "steps");
  if (!has_picture && denoise < 1)
    refuse(sampler, "denoise", "not_built", kNotMapped, "denoise below 1 needs a picture behind latent_image");
  if (!has_picture) return;
  constexpr double kAll = 0.9999, kDigits = 1e6;  // as KSampler.set_steps has it
  if (denoise > kAll) return set("strength", 1, sampler, "denoise");
  if (denoise <= 0)
    refuse(sampler, "denoise", "value_smaller_than_min", "Value smaller than min", "denoise: 0 leaves no step");
  const auto total = static_cast<int64_t>(static_cast<double>(steps) / denoise);
  set("steps", total, sampler, "steps");
  set("strength", std::min(1.0, std::ceil(static_cast<double>(steps) / static_cast<double>(total) * kDigits) / kDigits),
      sampler, "denoise");
}

void Walker::take_picture(const Node& node) {
  set("image", nullptr, node, "image");
  if (node.type->name == "LoadImage") {
    SentPicture picture = find_upload_(node.values.at("image").get<std::string>());
    fields_.generate["image"] = {{"sha256", picture.sha256}};
    made_.job.sent.push_back(std::move(picture));
    return;
  }
  auto picture = read_sent_picture(node.values.at("image").get_ref<const std::string&>(), "/image", faults_);
  if (!picture)
    refuse(node, "image", "custom_validation_failed", "Custom validation failed for node",
           "image " + faults_.list().back().sentence);
  fields_.generate["image"] = {{"sha256", picture->sha256}};
  made_.job.sent.push_back(std::move(*picture));
}

/// The last one that scales counts.
void Walker::take_pixels(const Node& encoder) {
  const Node* node = &graph_.behind(encoder, "pixels");
  bool is_sized = false;
  while (node->type->name == "ImageScale") {
    if (!is_sized) {
      const int64_t width = node->values.at("width").get<int64_t>(), height = node->values.at("height").get<int64_t>();
      if (width > 0) set("width", width, *node, "width");  // 0: as the picture's shape asks
      if (height > 0) set("height", height, *node, "height");
      set("resize", node->values.at("crop") == "center" ? "crop" : "stretch", *node, "crop");
    }
    is_sized = true;
    node = &graph_.behind(*node, "image");
  }
  if (node->type->name == "VAEDecode")
    refuse(*node, "", "not_built", kNotMapped, "a picture that is made first and encoded again; one sampler is run");
  take_picture(*node);
  if (!fields_.generate.contains("width") && !fields_.generate.contains("height")) fields_.generate["fit"] = true;
}

void Walker::take_latent(const Node& sampler) {
  const Node& latent = graph_.behind(sampler, "latent_image");
  const std::string& name = latent.type->name;
  if (name == "VAEEncode") {
    take_vae(graph_.behind(latent, "vae"));
    return take_pixels(latent);
  }
  if (name == "KSampler")
    refuse(latent, "", "not_built", kNotMapped, "a sampler after a sampler; one is run");
  for (const char* side : {"width", "height"}) {
    constexpr int64_t kGrid = 8;  // pixels of a latent: ComfyUI rounds down to it
    const auto asked = latent.values.at(side).get<int64_t>();
    set(side, asked / kGrid * kGrid, latent, side);
    if (asked % kGrid != 0)
      made_.warnings.push_back(std::string(side) + ": " + std::to_string(asked) + " was rounded down to " +
                               std::to_string(asked / kGrid * kGrid));
  }
  set("n", latent.values.at("batch_size"), latent, "batch_size");
}

void Walker::take_sampler(const Node& sampler) {
  const Chain positive = take_prompt(sampler, "positive", "prompt");
  take_encoder(sampler, positive, take_prompt(sampler, "negative", "negative_prompt"));
  take_loras(follow(sampler, kNetworkInput, kNetworkInput).patches, positive.patches);
  take_latent(sampler);
  take_steps(sampler);
  set("guidance_scale", sampler.values.at("cfg"), sampler, "cfg");
  // Noise comes from the seed's lowest 32 bits (torch's Mersenne twister), so a seed cut to 53 makes the same.
  constexpr uint64_t kSeedBits = (uint64_t{1} << 53) - 1;
  set("seed", sampler.values.at("seed").get<uint64_t>() & kSeedBits, sampler, "seed");
  const auto word = [&](const char* input) { return sampler.values.at(input).get<std::string>(); };
  const auto choice = choose_sampler(word("sampler_name"), word("scheduler"), state_.description);
  set("scheduler", choice->scheduler, sampler, "sampler_name");
  set("scheduler_options", choice->options, sampler, "scheduler");
  if (!choice->warning.empty()) made_.warnings.push_back(choice->warning);
}

GraphJob Walker::walk() {
  const Node* sampler = nullptr;
  for (const std::string& id : graph_.outputs) {
    const Node& one = sampler_of(graph_.at(id));
    if (sampler != nullptr && sampler != &one)
      refuse(one, "", "not_built", kNotMapped, "a second sampler beside node " + sampler->id + "; one prompt runs one");
    sampler = &one;
  }
  take_sampler(*sampler);
  made_.job.generate = read_generate_fields(fields_, faults_);
  std::vector<NodeFault> faults;
  for (const Fault& fault : faults_.list())
    for (const auto& [field, origin] : made_.origins)
      if (fault.place.rfind(fields_.places[field], 0) == 0) {
        faults.push_back({origin.node, origin.input, "custom_validation_failed", "Custom validation failed for node",
                          origin.input + " " + fault.sentence});
        break;
      }
  if (faults.empty()) return std::move(made_);
  PromptRefusal refusal = refused_nodes(faults);
  for (const NodeFault& one : faults) refusal.classes[one.node] = graph_.at(one.node).type->name;
  refusal.dependent_outputs = graph_.outputs;
  throw refusal;
}

}  // namespace

GraphJob job_of(const Graph& graph, const ServerState& state, const FindUpload& find_upload) {
  return Walker(graph, state, find_upload).walk();
}

}  // namespace alice::comfy
