#include "core/host/blueprint.h"

#include <algorithm>
#include <set>

#include "core/base/one_line.h"
#include "core/base/text.h"
#include "core/host/lone_file.h"
#include "core/host/model_defaults.h"
#include "core/host/scheduler_source.h"
#include "core/io/part_folder.h"

namespace alice {
namespace {

// Names of facts (Recognition::facts) by which plugins tell a size before anything is loaded.
constexpr const char* kNativeLatentsFact = "native_latent_size";
constexpr const char* kReductionFact = "reduction";

/// A part from another model or file: by the root that it has there, and with what this model's family tells of it.
ModelFiles open_elsewhere(const Registry& registry, const PartUse& use, const PartConfig& config,
                          std::vector<Fault>& warnings) {
  ModelFiles files = open_part(config.source, use.role, "", &warnings);
  if (!is_folder(config.source)) {
    const StoredModel other = open_model_file(config.source);
    if (const auto family = find_family(registry, other, PartConfig()))
      for (const PartUse& theirs : family->recognition.parts)
        if (theirs.kind == use.kind && !theirs.root.empty()) {
          files.root = theirs.root;
          if (theirs.role == use.role) break;
        }
  }
  files.told = use.told;
  return files;
}

ModelFiles open_files(const Registry& registry, const StoredModel& stored, const PartUse& use,
                      const PartConfig& config, std::vector<Fault>& warnings) {
  if (!config.source.empty()) return open_elsewhere(registry, use, config, warnings);
  if (auto own = files_of(stored, use)) return std::move(*own);
  throw Error(ErrorCode::bad_weights, stored.place,
              "has no " + use.role + ": name one in the configuration (models, this model, " + use.role + ", source)");
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
OwnPart<Part> own_part(const Factories<ModelFactory<Part>>& factories, const StoredModel& stored, const PartUse& use) {
  const auto files = files_of(stored, use);
  if (!files) return {};
  for (const auto* factory : factories.all())
    if (auto recognition = factory->recognise(*files)) return {factory, std::move(*recognition)};
  return {};
}

const PartUse& use_of(const FamilyChoice& family, const std::string& role) {
  for (const PartUse& use : family.recognition.parts)
    if (use.role == role) return use;
  throw Error(ErrorCode::internal, family.factory->info().id, "names no part '" + role + "'");
}

/// A VAE from elsewhere: does it speak of the same latents?
void compare_vaes(const Registry& registry, const StoredModel& stored, Blueprint& blueprint) {
  if (blueprint.config.part(kVaeRole).source.empty()) return;
  const OwnPart<Vae> own = own_part(registry.of<VaeFactory>(), stored, use_of(blueprint.family, kVaeRole));
  const auto& chosen = blueprint.parts.vae;
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

/// What the file's own part of a role claims, be it used or taken from elsewhere.
std::set<std::string> claimed_by(const Registry& registry, const StoredModel& stored, const PartUse& use) {
  if (use.kind == UNet::kKind) return own_part(registry.of<UNetFactory>(), stored, use).recognition.claimed;
  if (use.kind == Vae::kKind) return own_part(registry.of<VaeFactory>(), stored, use).recognition.claimed;
  return own_part(registry.of<TextEncoderFactory>(), stored, use).recognition.claimed;
}

/// In a single file every tensor should belong to some part.
void tell_what_is_left(const Registry& registry, const StoredModel& stored, Blueprint& blueprint) {
  const FamilyRecognition& family = blueprint.family.recognition;
  std::set<std::string> claimed;
  for (const PartUse& use : family.parts) claimed.merge(claimed_by(registry, stored, use));
  std::vector<std::string> left;
  for (const auto& tensor : stored.whole->index().tensors)
    if (!claimed.count(tensor.first) && !is_passed_over(family, tensor.first)) left.push_back(tensor.first);
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
  const int64_t multiple = fact_of(blueprint.parts.vae.recognition, kReductionFact);
  const int64_t side = fact_of(blueprint.parts.unet.recognition, kNativeLatentsFact) * multiple;
  blueprint.size = size_rule(config, blueprint.config, {side, side}, multiple);
  const SizeRule& rule = blueprint.size;
  if (rule.native.is_known())
    blueprint.explanation.push_back({"native size", to_text(rule.native), blueprint.parts.unet.files.place});
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

/// Of the configuration, a role that the family does not have.
void refuse_strange_roles(const ModelConfig& config, const FamilyChoice& family, Faults& faults) {
  for (const auto& [role, part] : config.parts) {
    std::string roles;
    bool is_known = false;
    for (const PartUse& use : family.recognition.parts)
      is_known |= use.role == role, roles += (roles.empty() ? "" : ", ") + use.role;
    if (!is_known)
      faults.add(part.place(""), "a model of the family '" + family.factory->info().id + "' has no " + role +
                                     "; its parts are: " + roles);
  }
}

void choose_parts(const Registry& registry, const StoredModel& stored, Blueprint& blueprint) {
  const ModelConfig& model = blueprint.config;
  Faults faults;
  refuse_strange_roles(model, blueprint.family, faults);
  faults.throw_if_any(ErrorCode::bad_config);
  for (const PartUse& use : blueprint.family.recognition.parts) {
    const PartConfig& config = model.part(use.role);
    const auto choose = [&](const auto& factories, auto& choice) {
      choice = choose_part(factories, open_files(registry, stored, use, config, blueprint.warnings), use.role, config);
      explain(use.role, choice, config, blueprint);
    };
    if (use.kind == UNet::kKind)
      choose(registry.of<UNetFactory>(), blueprint.parts.unet);
    else if (use.kind == Vae::kKind)
      choose(registry.of<VaeFactory>(), blueprint.parts.vae);
    else
      choose(registry.of<TextEncoderFactory>(), blueprint.parts.text_encoders[use.role]);
  }
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
  if (const std::string other = model.part(kUNetRole).source.empty() ? what_else_it_is(registry, stored) : "";
      !other.empty())
    throw Error(ErrorCode::unsupported, stored.place, other);
  blueprint.family = choose_family(registry, stored, model.family);
  blueprint.contents = stored;
  blueprint.explanation.push_back({"family", blueprint.family.factory->info().id,
                                   blueprint.family.configured ? model.family.place("") : "recognised in " + stored.place});

  blueprint.note = stored.note;
  blueprint.examples = stored.examples;
  blueprint.own_weights = own_weights(stored);
  blueprint.warnings = stored.warnings;
  settle_defaults(stored, blueprint);
  blueprint.backend = backend_of(registry, config, stored, blueprint);
  choose_parts(registry, stored, blueprint);
  settle_size(config, blueprint);
  settle_scheduler(registry, config, stored, blueprint);

  blueprint.parts.each([&](const std::string&, const auto& choice) {
    const Recognition& part = choice.recognition;
    blueprint.faults.insert(blueprint.faults.end(), part.faults.begin(), part.faults.end());
    blueprint.warnings.insert(blueprint.warnings.end(), part.warnings.begin(), part.warnings.end());
  });
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
  Json explanation = Json::array(), parts = Json::object();
  blueprint.parts.each([&](const std::string& role, const auto& choice) { parts[role] = describe_part(choice); });
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
          {"family", {{"plugin", blueprint.family.factory->info().id},
                      {"kind", blueprint.family.recognition.description}}},
          {"parts", parts},
          {"scheduler_config", blueprint.scheduler.config},
          {"faults", list(blueprint.faults)},
          {"warnings", list(all_warnings(blueprint))},
          {"explanation", explanation}};
}

}  // namespace alice
