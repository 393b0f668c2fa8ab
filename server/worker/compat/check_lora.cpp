#include <optional>

#include "core/host/lora_set.h"
#include "server/worker/compat/compat.h"

namespace alice {
namespace {

constexpr const char* kBase = "base";
constexpr const char* kDelta = "delta";
constexpr const char* kFirst = "text_encoder";
constexpr const char* kSecond = "text_encoder_2";

/// "NAME/0.5/unet" -> name, strength, part; "base/unet" -> base, 0, part; "NAME/delta/unet.MODULE" -> name, 1, module.
struct OutputKey {
  std::string name, part, module;
  double strength = 0;
};

/// Nothing for an input ("sample", "FAMILY/ids"). "FAMILY/base/unet" is the base of that family's model.
std::optional<OutputKey> parse(const std::string& key) {
  const size_t first = key.find('/');
  if (first == std::string::npos) return std::nullopt;
  OutputKey out;
  out.name = key.substr(0, first);
  const std::string rest = key.substr(first + 1);
  if (out.name == kBase) return out.part = rest, out;
  const size_t second = rest.find('/');
  if (second == std::string::npos) return std::nullopt;
  const std::string strength = rest.substr(0, second);
  if (strength == kBase) return out.name = kBase, out.part = rest.substr(second + 1), out;
  (strength == kDelta ? out.module : out.part) = rest.substr(second + 1);
  out.strength = strength == kDelta ? 1 : std::stod(strength);
  return out;
}

/// The models that LoRAs are for.
class Bases {
 public:
  Bases(CompatRun& run, const GoldenTable& table) : run_(run), table_(table) {}

  /// As the LoRA's entry says; of "FAMILY/base/..." that family's, else the one that LoRAs without a word are for.
  std::string model_of(const OutputKey& output, const std::string& key) const {
    for (const Json& one : table_.cases())
      if (one.value("name", "") == output.name) return one.value(kBase, run_.scope.lora_model);
    return key.rfind(std::string(kBase) + "/", 0) == 0 ? run_.scope.lora_model : table_.model_of(key);
  }
  /// The parts of it that a LoRA changes.
  const Model& get(const std::string& model) {
    Model& base = bases_[model];
    if (base.unet) return base;
    base.id = model;
    for (const char* role : {kFirst, kSecond})
      if (!run_.golden.part_class(model, role).empty()) base.text_encoders[role] = load_text_encoder(run_, model, role);
    base.unet = load_unet(run_, model);
    return base;
  }

 private:
  CompatRun& run_;
  const GoldenTable& table_;
  std::map<std::string, Model> bases_;
};

/// Where the inputs of a model stand: "FAMILY/context" where there is one, else "context".
std::string input_prefix(const SafetensorsFile& file, const std::string& model) {
  const std::string family = model.substr(model.find('_') + 1) + "/";
  return file.index().contains(family + "context") ? family : "";
}

Tensor compute(const SafetensorsFile& file, double timestep, const Model& composed, const std::string& model,
               const std::string& part) {
  const std::string prefix = input_prefix(file, model);
  const auto encoded = [&](const char* role, const char* ids, int64_t layers_back, bool final_norm) {
    const auto encoder = composed.text_encoders.find(role);
    if (encoder == composed.text_encoders.end()) throw Skip{"the golden's model has no " + std::string(role)};
    return encoder->second->encode(file.tensor(prefix + ids), layers_back, final_norm);
  };
  if (part == "text") return encoded(kFirst, "ids", 0, true).tokens;
  if (part == "te1") return encoded(kFirst, "ids", 1, false).tokens;
  if (part == "te2") return encoded(kSecond, "ids_2", 1, false).tokens;
  if (part == "pooled") return encoded(kSecond, "ids_2", 1, false).pooled;
  if (part != "unet") throw Skip{"'" + part + "' is no output that is known"};
  const Tensor sample = file.tensor("sample");
  const Tensor t = at::full({sample.size(0)}, timestep, at::kFloat);
  Conditioning conditioning = {{"tokens", file.tensor(prefix + "context")}};
  if (composed.unet->info().further_conditioning.count("pooled")) {
    conditioning["pooled"] = file.tensor(prefix + "text_embeds");
    conditioning["time_ids"] = file.tensor(prefix + "time_ids");
  }
  return composed.unet->prepare(conditioning)->predict(sample, t);
}

/// How much a weight was changed. `module`: "unet.conv_in", "text_encoder.text_model.encoder.layers.0.mlp.fc1".
Tensor change_of(const Model& base, const Model& patched, const std::string& module) {
  const size_t dot = module.find('.');
  const std::string part = module.substr(0, dot), name = module.substr(dot + 1) + ".weight";
  const auto change = [&](const ModelWeights& before, const ModelWeights& after) {
    return after.tensor(name) - before.tensor(name);
  };
  if (part == "unet") return change(base.unet->weights(), patched.unet->weights());
  const auto encoder = base.text_encoders.find(part);
  if (encoder == base.text_encoders.end()) throw Skip{"LoRAs of '" + part + "' are not built"};
  return change(encoder->second->weights(), patched.text_encoders.at(part)->weights());
}

}  // namespace

void check_lora(CompatRun& run, const GoldenTable& table) {
  Bases bases(run, table);
  const std::string outputs = "lora/outputs.safetensors";
  const SafetensorsFile& file = run.golden.tensors(outputs);
  const double timestep = table.json().at("timestep").get<double>();
  for (const auto& tensor : file.index().tensors) {
    const std::string& key = tensor.first;
    const std::optional<OutputKey> output = parse(key);
    if (!output) continue;
    const bool wanted = output->name == kBase || run.scope.loras.count(output->name);
    run_case(run, "lora", key, wanted, [&](CompatCase& check) {
      const std::string model = bases.model_of(*output, key);
      std::shared_ptr<const Model> patched;
      if (output->name != kBase)
        patched = with_loras(run, bases.get(model),
                             {{output->name, run.golden.path("lora/" + output->name + ".safetensors"),
                               output->strength, output->strength}});
      const Model& base = bases.get(model);
      const bool is_weight = !output->module.empty();
      const Tensor ours = is_weight ? change_of(base, *patched, output->module)
                                    : compute(file, timestep, patched ? *patched : base, model, output->part);
      run.golden.keep(outputs, key, ours);
      check.close("output", ours, file.tensor(key), is_weight ? kWeightTolerance : kComponentTolerance);
    });
  }
}

}  // namespace alice
