#include "core/host/blueprint.h"

#include <algorithm>
#include <set>

#include "core/base/one_line.h"
#include "core/base/text.h"
#include "core/host/lone_file.h"
#include "core/host/model_defaults.h"
#include "core/host/scheduler_source.h"

namespace alice {
namespace {

constexpr const char* kTextEncoder = "text_encoder";
constexpr const char* kSecondTextEncoder = "text_encoder_2";
constexpr const char* kUNet = "unet";
constexpr const char* kVae = "vae";
// Names of facts (Recognition::facts) by which plugins tell a size before anything is loaded.
constexpr const char* kNativeLatentsFact = "native_latent_size";
constexpr const char* kReductionFact = "reduction";

ModelFiles files_of(const StoredModel& stored, const std::string& part, const PartConfig& config,
                    std::vector<Fault>& warnings) {
  if (!config.source.empty()) return open_part(config.source, part, "", &warnings);
  const auto found = stored.parts.find(part);
  if (found == stored.parts.end())
    throw Error(ErrorCode::bad_weights, stored.place,
                "has no " + part + ": name one in the configuration (models, this model, " + part + ", source)");
  return found->second;
}

template <class Part>
void explain(const std::string& what, const PartChoice<Part>& choice, const PartConfig& config, Blueprint& blueprint) {
  blueprint.explanation.push_back(
      {what, choice.factory->info().id, choice.configured ? config.place("") : "recognised in " + choice.files.place});
  blueprint.explanation.push_back({what + " weights", choice.files.weights->index().place,
                                   config.source.empty() ? "the model's own" : config.place("source")});
  if (config.options.is_object())
    for (const auto& option : config.options.items())
      blueprint.explanation.push_back(
          {what + " " + option.key(), dump_json(option.value()), config.place(option.key())});
}

std::vector<std::string> own_weights(const StoredModel& stored) {
  std::set<std::string> files;  // of a single file all parts have the same
  for (const auto& part : stored.parts)
    for (const std::string& file : part.second.weights->index().files) files.insert(file);
  return {files.begin(), files.end()};
}

/// A part as the model has it, with the plugin that knows it.
template <class Part>
struct OwnPart {
  const ModelFactory<Part>* factory = nullptr;  // null: it has none
  Recognition recognition;
};

template <class Part>
OwnPart<Part> own_part(const Factories<ModelFactory<Part>>& factories, const StoredModel& stored,
                       const std::string& part) {
  const auto files = stored.parts.find(part);
  if (files == stored.parts.end()) return {};
  for (const auto* factory : factories.all())
    if (auto recognition = factory->recognise(files->second)) return {factory, std::move(*recognition)};
  return {};
}

/// A VAE from elsewhere: does it speak of the same latents?
void compare_vaes(const Registry& registry, const StoredModel& stored, Blueprint& blueprint) {
  if (blueprint.config.vae.source.empty()) return;
  const OwnPart<Vae> own = own_part(registry.of<VaeFactory>(), stored, kVae);
  const auto& chosen = blueprint.vae;
  const std::string& place = chosen.files.place;
  const auto both = [&](const char* fact) {
    return std::pair(own.recognition.facts.value(fact, Json()), chosen.recognition.facts.value(fact, Json()));
  };
  const auto differ = [&](const char* fact) {
    const auto [mine, theirs] = both(fact);
    return mine.is_number() && theirs.is_number() && mine != theirs;
  };
  const auto sentence = [&](const std::string& what, const char* fact) {
    const auto [mine, theirs] = both(fact);
    return "is a VAE of " + what + " " + dump_json(theirs) + ", the model's own has " + dump_json(mine);
  };
  if (differ("latent_channels")) {
    blueprint.faults.push_back({place, sentence("latent channels", "latent_channels") + ": it cannot decode them"});
    return;
  }
  if (differ("reduction"))
    blueprint.warnings.push_back({place, sentence("pixels a latent", "reduction") +
                                             ": pictures come out in another size, and not as the model means them"});
  // Each kind of VAE has its own idea of the raw latents that it scales.
  if (own.factory == chosen.factory && differ("scaling_factor"))
    blueprint.warnings.push_back({place, sentence("scaling factor", "scaling_factor") +
                                             ": it is made for other latents, and colours and contrast will be wrong"});
}

/// In a single file every tensor should belong to some part, whether that part is used or taken from elsewhere.
void tell_what_is_left(const Registry& registry, const StoredModel& stored, Blueprint& blueprint) {
  std::set<std::string> claimed;
  for (const Recognition& part : {own_part(registry.of<TextEncoderFactory>(), stored, kTextEncoder).recognition,
                                  own_part(registry.of<UNetFactory>(), stored, kUNet).recognition,
                                  own_part(registry.of<VaeFactory>(), stored, kVae).recognition})
    claimed.insert(part.claimed.begin(), part.claimed.end());
  std::vector<std::string> left;
  for (const auto& tensor : stored.parts.at(kUNet).weights->index().tensors)
    if (!claimed.count(tensor.first)) left.push_back(tensor.first);
  if (!left.empty())
    blueprint.warnings.push_back(
        {stored.place, std::to_string(left.size()) + (left.size() == 1 ? " tensor belongs" : " tensors belong") +
                           " to no part that a plugin knows, and are not used: " + some_of(left)});
}

BackendChoice backend_of(const Registry& registry, const HostConfig& config, const StoredModel& stored,
                         Blueprint& blueprint) {
  const ModelConfig& model = blueprint.config;
  const bool is_its_own = !model.backend.empty();
  const BackendChoice choice = choose_backend(registry, config, is_its_own ? model.backend : config.default_backend,
                                              is_its_own ? model.place : "generation.backend", stored.losses);
  blueprint.explanation.push_back({"backend", choice.why, choice.origin});
  return choice;
}

/// A number among a part's facts; 0 when the plugin does not tell it.
int64_t fact_of(const Recognition& part, const char* name) {
  const auto found = part.facts.find(name);
  return found != part.facts.end() && found->is_number_integer() ? found->get<int64_t>() : 0;
}

/// After the defaults.
void settle_size(const HostConfig& config, Blueprint& blueprint) {
  const int64_t multiple = fact_of(blueprint.vae.recognition, kReductionFact);
  const int64_t side = fact_of(blueprint.unet.recognition, kNativeLatentsFact) * multiple;
  blueprint.size = size_rule(config, blueprint.config, {side, side}, multiple);
  const SizeRule& rule = blueprint.size;
  if (rule.native.is_known())
    blueprint.explanation.push_back({"native size", to_text(rule.native), blueprint.unet.files.place});
  blueprint.explanation.push_back(
      {"max pixels", rule.most_pixels > 0 ? std::to_string(rule.most_pixels) : "any number",
       blueprint.config.max_pixels  ? blueprint.config.place
       : config.max_pixels          ? rule.key
       : rule.native.is_known()     ? "built-in: four times the native size, at least 256x256"
                                    : "built-in: the native size is known when it is loaded"});
}

/// The configuration's defaults of the model, completed with the model's own.
void settle_defaults(const StoredModel& stored, Blueprint& blueprint) {
  const auto place = [&](const std::string& name) { return stored.place + ": _defaults: " + name; };
  Faults faults;
  fill_defaults(blueprint.config.defaults, stored.defaults, place, faults);
  blueprint.faults.insert(blueprint.faults.end(), faults.list().begin(), faults.list().end());
}

/// What its maker wrote into a file of weights: a few words each, in the name spaces of GGUF and ModelSpec.
Json words_of(const TensorIndex& index) {
  constexpr size_t kLongest = 200;  // bytes; pictures and whole licences are there too
  Json words = Json::object();
  for (const auto& [name, text] : index.metadata)
    if ((starts_with(name, "general.") || starts_with(name, "modelspec.")) && text.size() <= kLongest)
      words[name] = text;
  return words;
}

template <class Part>
Json describe_part(const PartChoice<Part>& choice) {
  return {{"plugin", choice.factory->info().id},
          {"kind", choice.recognition.description},
          {"layout", choice.recognition.layout},
          {"files", choice.files.weights->index().files},
          {"words", words_of(choice.files.weights->index())},
          {"tensors", choice.recognition.parameters.size()},
          {"facts", choice.recognition.facts}};
}

}  // namespace

Blueprint make_blueprint(const Registry& registry, const HostConfig& config, const ModelConfig& model) {
  Blueprint blueprint;
  blueprint.config = model;
  blueprint.explanation.push_back({"model", model.id, model.place});
  blueprint.explanation.push_back({"source", model.source.string(), model.place});
  if (!is_plain_line(model.id))
    throw Error(ErrorCode::bad_weights, model.source.string(),
                "has control characters, marks of writing direction or no UTF-8 in its name: rename it");
  const StoredModel stored = open_model(model.source, "", config.models_directory);
  if (const std::string other = model.unet.source.empty() ? what_else_it_is(registry, stored) : ""; !other.empty())
    throw Error(ErrorCode::unsupported, stored.place, other);
  if (stored.is_folder && stored.parts.count(kSecondTextEncoder))
    throw Error(ErrorCode::unsupported, stored.place,
                "has two text encoders; pipelines with one are what this version composes");

  blueprint.note = stored.note;
  blueprint.examples = stored.examples;
  blueprint.own_weights = own_weights(stored);
  blueprint.warnings = stored.warnings;
  settle_defaults(stored, blueprint);
  blueprint.backend = backend_of(registry, config, stored, blueprint);
  const auto files = [&](const char* part, const PartConfig& part_config) {
    return files_of(stored, part, part_config, blueprint.warnings);
  };
  blueprint.text_encoder = choose_part(registry.of<TextEncoderFactory>(), files(kTextEncoder, model.text_encoder),
                                       model.text_encoder);
  explain("text encoder", blueprint.text_encoder, model.text_encoder, blueprint);
  blueprint.unet = choose_part(registry.of<UNetFactory>(), files(kUNet, model.unet), model.unet);
  explain("UNet", blueprint.unet, model.unet, blueprint);
  blueprint.vae = choose_part(registry.of<VaeFactory>(), files(kVae, model.vae), model.vae);
  explain("VAE", blueprint.vae, model.vae, blueprint);
  settle_size(config, blueprint);
  settle_scheduler(registry, config, stored, blueprint);

  for (const Recognition* part :
       {&blueprint.text_encoder.recognition, &blueprint.unet.recognition, &blueprint.vae.recognition}) {
    blueprint.faults.insert(blueprint.faults.end(), part->faults.begin(), part->faults.end());
    blueprint.warnings.insert(blueprint.warnings.end(), part->warnings.begin(), part->warnings.end());
  }
  compare_vaes(registry, stored, blueprint);
  if (!stored.is_folder) tell_what_is_left(registry, stored, blueprint);
  return blueprint;
}

std::vector<Fault> all_warnings(const Blueprint& blueprint) {
  std::vector<Fault> all = blueprint.warnings;
  all.insert(all.end(), blueprint.scheduler.warnings.begin(), blueprint.scheduler.warnings.end());
  return all;
}

Json describe_blueprint(const Blueprint& blueprint) {
  Json explanation = Json::array();
  const auto list = [](const std::vector<Fault>& sentences) {
    Json out = Json::array();
    for (const Fault& one : sentences) out.push_back({{"place", one.place}, {"sentence", one.sentence}});
    return out;
  };
  for (const Explained& line : blueprint.explanation)
    explanation.push_back({{"what", line.what}, {"value", line.value}, {"origin", line.origin}});
  return {{"id", blueprint.config.id},
          {"source", blueprint.config.source.string()},
          {"note", blueprint.note},
          {"parts",
           {{kTextEncoder, describe_part(blueprint.text_encoder)},
            {kUNet, describe_part(blueprint.unet)},
            {kVae, describe_part(blueprint.vae)}}},
          {"scheduler_config", blueprint.scheduler.config},
          {"faults", list(blueprint.faults)},
          {"warnings", list(all_warnings(blueprint))},
          {"explanation", explanation}};
}

}  // namespace alice
