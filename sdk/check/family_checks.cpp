// Families of models: what they say of a model before it is loaded, and what its network is told of a prompt.

#include <algorithm>
#include <set>

#include "core/base/text.h"
#include "core/host/family_choice.h"
#include "sdk/check/callers.h"
#include "sdk/check/family_samples.h"
#include "sdk/check/kinds.h"
#include "sdk/check/model_use.h"
#include "sdk/check/refusal.h"

namespace alice::check {
namespace {

using SampleBody = void (*)(const FamilyFactory& factory, const FamilySample& sample, uint64_t seed);

/// On every sample that the family recognises.
std::function<std::string(const Case&)> on_samples(SampleBody body) {
  return [body](const Case& it) -> std::string {
    const FamilyFactory& factory = it.factory<FamilyFactory>();
    for (const FamilySample& sample : family_samples(factory, it)) body(factory, sample, it.seed);
    return "";
  };
}

std::shared_ptr<const Family> join(const FamilyFactory& factory, const FamilySample& sample, const PartInfos& infos) {
  auto family = factory.create(sample.model, infos);
  expect(family != nullptr, sample.name + ": create() gave null");
  return family;
}
std::shared_ptr<const Family> join(const FamilyFactory& factory, const FamilySample& sample) {
  return join(factory, sample, sample.infos);
}

/// What the host gives a network by itself.
bool is_the_hosts(const std::string& conditioning) {
  return conditioning == kGuidanceScale || conditioning == kBeside;
}

std::vector<TextUse> texts_of(const FamilyFactory& factory, const FamilySample& sample) {
  return factory.recognise(sample.model, false)->texts;
}

/// As prompt and negative prompt, said and not, with and without what a request may say besides.
std::vector<Told> prompts_of(const FamilySample& sample, uint64_t seed) {
  const Told prompt = told_of(sample, seed);
  Told scored = prompt, negative = prompt, none = prompt;
  scored.aesthetic_score = 7.5, scored.crop_top = 8, scored.original_width = 1000;
  negative.is_negative = none.is_negative = true, none.is_given = false;
  return {prompt, scored, negative, none};
}

bool equal(const Conditioning& some, const Conditioning& others) {
  return some.size() == others.size() && std::all_of(some.begin(), some.end(), [&](const auto& one) {
           const auto found = others.find(one.first);
           return found != others.end() && at::equal(one.second, found->second);
         });
}

void check_place(const FamilySample& sample, const PartUse& use) {
  const std::string part = sample.name + ": the part '" + use.role + "' ";
  const auto found = sample.model.parts.find(use.role);
  expect(found != sample.model.parts.end(), part + "is none that the model has");
  expect(use.told.is_null() || use.told.is_object(), part + "is told what is no object");
  if (sample.model.is_folder) {
    expect(use.root.empty(), part + "has the root '" + use.root + "', which only files have");
    return;
  }
  ModelFiles files = found->second;
  files.root = use.root;
  expect(files.has_under(""), part + "has the root '" + use.root + "', which no tensor's name begins with");
}

void check_parts(const FamilySample& sample, const FamilyRecognition& said) {
  const std::vector<std::string> kinds = names_of(PartFactories());
  std::map<std::string, size_t> counts;
  std::set<std::string> roles;
  for (const PartUse& use : said.parts) {
    expect(roles.insert(use.role).second, sample.name + ": two parts have the role '" + use.role + "'");
    expect(std::count(kinds.begin(), kinds.end(), use.kind) == 1,
           sample.name + ": the part '" + use.role + "' is of the kind '" + use.kind + "', which no part is");
    ++counts[use.kind];
    check_place(sample, use);
  }
  for (const char* kind : {UNet::kKind, Vae::kKind})
    expect(counts[kind] == 1,
           sample.name + ": " + std::to_string(counts[kind]) + " of its parts are of the kind " + kind + ", not 1");
  expect(counts[TextEncoder::kKind] > 0, sample.name + ": none of its parts is a " + TextEncoder::kKind);
}

void check_texts(const FamilySample& sample, const FamilyRecognition& said) {
  expect(!said.texts.empty(), sample.name + ": it says of no text encoder how it reads a prompt");
  for (const TextUse& text : said.texts) {
    const bool is_part = std::any_of(said.parts.begin(), said.parts.end(), [&](const PartUse& use) {
      return use.role == text.role && use.kind == TextEncoder::kKind;
    });
    expect(is_part, sample.name + ": a prompt is read by '" + text.role + "', which is no text encoder of its parts");
    expect(text.layers_back >= 0,
           sample.name + ": '" + text.role + "' is read " + std::to_string(text.layers_back) + " layers back");
  }
}

/// Roots that begin each other would give two parts the same tensors, and what is passed over is nobody's.
void check_names_apart(const FamilySample& sample, const FamilyRecognition& said) {
  if (sample.model.is_folder) return;
  for (const auto& tensor : sample.model.whole->index().tensors) {
    std::string owner;
    for (const PartUse& use : said.parts) {
      if (!starts_with(tensor.first, use.root)) continue;
      expect(owner.empty(), sample.name + ": the tensor '" + tensor.first + "' is under the roots of '" + owner +
                                "' and of '" + use.role + "'");
      owner = use.role;
    }
    expect(owner.empty() || !is_passed_over(said, tensor.first),
           sample.name + ": the tensor '" + tensor.first + "' of '" + owner + "' is passed over");
  }
}

void check_recognition(const FamilyFactory& factory, const FamilySample& sample) {
  const FamilyRecognition said = *factory.recognise(sample.model, false);
  expect(!said.description.empty(), sample.name + ": the description is empty");
  check_parts(sample, said);
  check_texts(sample, said);
  check_names_apart(sample, said);
  expect(said.schedule.is_object() && said.schedule.value("_class_name", Json()).is_string(),
         sample.name + ": the schedule is no object with a _class_name");
  expect(said.schedule_corrections.is_null() || said.schedule_corrections.is_object(),
         sample.name + ": the schedule's corrections are no object");
  expect(factory.recognise(sample.model, true).has_value(),
         sample.name + ": is recognised, but not where the configuration names the family");
}

std::string check_recognised(const Case& it) {
  const FamilyFactory& factory = it.factory<FamilyFactory>();
  expect(factory.info().options.empty(), "it declares options, which nothing gives to a family");
  std::string names;
  for (const FamilySample& sample : family_samples(factory, it)) {
    check_recognition(factory, sample);
    names += (names.empty() ? "" : "; ") + sample.name;
  }
  return names;
}

std::string check_foreign(const Case& it) {
  const FamilyFactory& factory = it.factory<FamilyFactory>();
  const auto expect_nobodys = [&](const ModelContents& model, const std::string& what) {
    expect(!factory.recognise(model, false).has_value(), what + " was recognised");
    factory.recognise(model, true);  // may be its own where it is named, and throws nothing
  };
  expect_nobodys(file_of({}, Json::object()), "an empty file");
  expect_nobodys(file_of({"stranger.weight", "another.one"}, Json::object()), "a file of tensors that no model has");
  expect_nobodys(file_of({"stranger.weight"}, {{"unet", {{"_class_name", "ModelOfNobody"}}}}),
                 "a file of nobody's tensors with settings");
  ModelContents folder;
  folder.place = "memory";
  folder.is_folder = true;
  folder.pipeline_class = "PipelineOfNobody";
  folder.index = {{"_class_name", "PipelineOfNobody"}, {"prior", {"nobody", "PriorOfNobody"}}};
  folder.classes = {{"prior", "PriorOfNobody"}};
  expect_nobodys(folder, "a folder whose model_index.json names a class of nobody");
  folder.index = Json::object(), folder.pipeline_class = "", folder.classes.clear();
  expect_nobodys(folder, "a folder of no parts");
  return "";
}

/// What the host has read itself: never of another type when a family sees it.
bool is_hosts_own(const ModelContents& model, const std::string& member) {
  return member.rfind('_', 0) == 0 || member == "scheduler" || starts_with(member, "tokenizer") ||
         model.parts.count(member) > 0 || model.classes.count(member) > 0;
}

void try_damaged(const FamilyFactory& factory, const FamilySample& sample, const ModelContents& damaged,
                 const std::string& what) {
  const auto error = refusal([&] {
    if (factory.recognise(damaged, false)) factory.create(damaged, sample.infos);
  });
  expect(!error || error->code() == ErrorCode::bad_weights || error->code() == ErrorCode::unsupported,
         sample.name + " with " + what + " threw Error(" + (error ? to_string(error->code()) : "") +
             "), not Error(bad_weights): " + (error ? error->what() : ""));
}

void check_damaged_settings(const FamilyFactory& factory, const FamilySample& sample, uint64_t) {
  const Json wrong_values = {-8, 1e18, "three", nullptr, Json::object(), Json::array(), Json::array({-1, 1e18, "x"})};
  for (const Json& wrong : wrong_values) {
    for (const auto& member : sample.model.index.items()) {
      if (is_hosts_own(sample.model, member.key())) continue;
      ModelContents damaged = sample.model;
      damaged.index[member.key()] = wrong;
      try_damaged(factory, sample, damaged, member.key() + " = " + dump_json(wrong));
    }
    for (const auto& [role, files] : sample.model.parts)
      for (const auto& member : files.config.items()) {
        ModelContents damaged = sample.model;
        damaged.parts[role].config[member.key()] = wrong;
        try_damaged(factory, sample, damaged, role + "/" + member.key() + " = " + dump_json(wrong));
      }
  }
}

void expect_rows(const Conditioning& conditioning, const std::string& name, const std::vector<int64_t>& shape,
                 const std::string& where) {
  const auto found = conditioning.find(name);
  expect(found != conditioning.end() && found->second.defined(), where + "'" + name + "' is not there");
  const Tensor& rows = found->second;
  expect(rows.sizes().vec() == shape,
         where + "'" + name + "' has shape " + shape_text(rows.sizes().vec()) + ", not " + shape_text(shape));
  expect(at::isFloatingType(rows.scalar_type()),
         where + "'" + name + "' is of type " + at::toString(rows.scalar_type()) + ", no floating point");
  expect(rows.isfinite().all().item<bool>(), where + "'" + name + "' holds numbers that are not finite");
}

void expect_conditioning(const Family& family, const FamilySample& sample, const PartInfos& infos, const Told& told) {
  const std::string where = sample.name + ": of what condition() gives, ";
  const Conditioning conditioning = family.condition(told);
  const auto tokens = conditioning.find("tokens");
  expect(tokens != conditioning.end() && tokens->second.defined(), where + "'tokens' is not there");
  const int64_t count = tokens->second.dim() == 3 ? std::max<int64_t>(tokens->second.size(1), 1) : 1;
  expect_rows(conditioning, "tokens", {1, count, infos.unet.context_width}, where);
  for (const auto& [name, width] : infos.unet.further_conditioning)
    if (!is_the_hosts(name)) expect_rows(conditioning, name, {1, width}, where);
}

void check_joins(const FamilyFactory& factory, const FamilySample& sample, uint64_t seed) {
  PartInfos guided = sample.infos, shown = sample.infos;
  guided.unet.further_conditioning[kGuidanceScale] = 1;
  shown.unet.further_conditioning[kBeside] = 5;
  for (const PartInfos& infos : {sample.infos, guided, shown}) {
    const auto family = join(factory, sample, infos);
    for (const Told& told : prompts_of(sample, seed)) {
      std::map<std::string, TextEncoding> kept;
      for (const auto& [role, text] : told.texts)
        kept[role] = {text.tokens.clone(), text.pooled.defined() ? text.pooled.clone() : Tensor()};
      expect_conditioning(*family, sample, infos, told);
      for (const auto& [role, text] : told.texts)
        expect(at::equal(text.tokens, kept.at(role).tokens) &&
                   (!text.pooled.defined() || at::equal(text.pooled, kept.at(role).pooled)),
               sample.name + ": condition() changed the text of '" + role + "' that it was told");
    }
  }
}

void check_heeds(const FamilyFactory& factory, const FamilySample& sample, uint64_t seed) {
  const auto family = join(factory, sample);
  const Told told = told_of(sample, seed), others = told_of(sample, seed + 1000);
  const Conditioning conditioning = family->condition(told);
  for (const TextUse& text : texts_of(factory, sample)) {
    Told other = told;
    other.texts.at(text.role) = others.texts.at(text.role);
    expect(!equal(conditioning, family->condition(other)),
           sample.name + ": another text of '" + text.role + "' changes nothing that the network is told");
  }
}

void check_keeps_nothing(const FamilyFactory& factory, const FamilySample& sample, uint64_t seed) {
  const auto family = join(factory, sample);
  const std::vector<Told> prompts = prompts_of(sample, seed);
  std::vector<Conditioning> first, together(prompts.size());
  for (const Told& told : prompts) first.push_back(family->condition(told));
  family->condition(told_of(sample, seed + 1));
  for (size_t i = 0; i < prompts.size(); ++i) {
    expect(equal(first[i], family->condition(prompts[i])),
           sample.name + ": the same prompt is told otherwise after another one");
    expect(equal(first[i], join(factory, sample)->condition(prompts[i])),
           sample.name + ": the same prompt is told otherwise by the same parts joined again");
  }
  call_at_once(prompts.size(), [&](size_t i) { together[i] = family->condition(prompts[i]); });
  for (size_t i = 0; i < prompts.size(); ++i)
    expect(equal(first[i], together[i]), sample.name + ": four calls at once tell other things than each alone");
}

void check_refuses(const FamilyFactory& factory, const FamilySample& sample, uint64_t) {
  const auto expect_refused = [&](const std::string& what, const PartInfos& infos) {
    const std::string name = sample.name + ": create() of " + what;
    const Error error =
        expect_refusal(ErrorCode::bad_weights, name, [&] { factory.create(sample.model, infos); });
    expect(std::string(error.what()).find(sample.model.place) != std::string::npos,
           name + " was refused with a sentence that does not name the model: " + error.what());
  };
  const PartInfos& good = sample.infos;
  for (const TextUse& text : texts_of(factory, sample)) {
    PartInfos infos = good;
    infos.text_encoders.erase(text.role);
    expect_refused("parts without '" + text.role + "'", infos);
  }
  PartInfos narrow = good, blind = good, greedy = good;
  ++narrow.unet.context_width;
  expect_refused("a UNet that attends to wider tokens", narrow);
  ++blind.vae.latent_channels;
  expect_refused("a VAE of more latent channels than the UNet gives", blind);
  greedy.unet.further_conditioning["wish_of_nobody"] = 3;
  expect_refused("a UNet that is told 'wish_of_nobody', too,", greedy);
  for (const auto& one : good.unet.further_conditioning) {
    PartInfos wide = good;
    ++wide.unet.further_conditioning[one.first];
    if (!is_the_hosts(one.first)) expect_refused("a UNet that is told a wider '" + one.first + "'", wide);
  }
}

}  // namespace

std::vector<Check> family_checks() {
  const std::vector<std::string> families = names_of(JoiningFactories());
  return {
      {"family/recognised",
       "recognise() takes a model of its own from names, shapes and JSON alone, and says which parts it has (one UNet, "
       "one VAE, text encoders, each where the model has it and under no other's root), who reads a prompt, and the "
       "noise schedule.",
       "Fill FamilyRecognition: for folders without roots, for files with them. For a model that the checker does not "
       "know, give the folder of a small one with --config FOLDER.",
       "", families, check_recognised},
      {"family/foreign", "Files and folders of nobody are not recognised, and nothing is thrown.",
       "Return std::nullopt unless the folder names your parts, or the file has names under your roots.",
       "family/recognised", families, check_foreign},
      {"family/settings-damaged",
       "Each setting of the model and of its parts may be negative, huge or of another type: that is passed over, or "
       "Error(bad_weights).",
       "Ask Json::is_number() and the like before get<>(), or read with an OptionTable (UnknownKeys::pass_over).",
       "family/recognised", families, on_samples(check_damaged_settings)},
      {"family/joins",
       "create() takes parts that fit, of a network that is told the guidance scale or shown channels beside the "
       "latents, too, and condition() gives 'tokens' [1, T, D] and what else the network is told, a finite row each; "
       "what it was told stays as it was.",
       "Compare with UNetInfo: context_width is D, further_conditioning has the other names and widths. Those of "
       "kGuidanceScale and kBeside are the host's.",
       "family/recognised", families, on_samples(check_joins)},
      {"family/heeds-inputs",
       "Another text of any text encoder that reads the prompt changes what the network is told.",
       "Use Told::texts of every TextUse, or name it in none.", "family/joins", families, on_samples(check_heeds)},
      {"family/keeps-nothing",
       "The same prompt gives the same bits, whatever was asked in between, from parts joined again, and in four "
       "threads at once.",
       "Make the class const without mutable members: condition() depends on `told` alone.", "family/joins", families,
       on_samples(check_keeps_nothing)},
      {"family/refuses",
       "Parts that do not belong together are Error(bad_weights) that names the model: a text encoder that is missing, "
       "tokens or a conditioning of another width, one that the family does not make, other latents.",
       "Compare PartInfos in create(): what you make against UNetInfo, the VAE's latents against its out_channels.",
       "family/joins", families, on_samples(check_refuses)},
  };
}

}  // namespace alice::check
