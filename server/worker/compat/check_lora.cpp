#include "core/host/lora_set.h"
#include "server/worker/compat/compat.h"

namespace alice {
namespace {

constexpr const char* kFile = "lora/outputs.safetensors";

/// "NAME/0.5/unet" -> name, strength, part; "base/unet" -> "base", 0, part.
struct OutputKey {
  std::string name, part;
  double strength = 0;
};

std::optional<OutputKey> parse(const std::string& key) {
  const size_t first = key.find('/'), last = key.rfind('/');
  if (first == std::string::npos) return std::nullopt;  // an input
  OutputKey out;
  out.name = key.substr(0, first);
  out.part = key.substr(last + 1);
  if (last > first) out.strength = std::stod(key.substr(first + 1, last - first - 1));
  return out;
}

/// The two parts of a pipeline that a LoRA changes.
Pipeline load_base(CompatRun& run) {
  if (run.scope.families.empty()) throw Error(ErrorCode::internal, "scope", "names no model family");
  Pipeline base;
  base.id = *run.scope.families.begin();
  base.text_encoder = load_text_encoder(run, base.id, "text_encoder");
  base.unet = load_unet(run, base.id);
  return base;
}

Tensor compute(CompatRun& run, const Pipeline& pipeline, const std::string& part) {
  const SafetensorsFile& file = run.golden.tensors(kFile);
  if (part == "text") return pipeline.text_encoder->encode(file.tensor("ids")).tokens;
  if (part != "unet") throw Skip{"'" + part + "' is no output that is known"};
  const Tensor sample = file.tensor("sample");
  const Tensor t =
      at::full({sample.size(0)}, run.golden.json("lora/lora.json").at("timestep").get<double>(), at::kFloat);
  return pipeline.unet->prepare({{"tokens", file.tensor("context")}})->predict(sample, t);
}

}  // namespace

void check_lora(CompatRun& run) {
  const Pipeline base = load_base(run);
  const SafetensorsFile& file = run.golden.tensors(kFile);
  for (const auto& tensor : file.index().tensors) {
    const std::string& key = tensor.first;
    const std::optional<OutputKey> output = parse(key);
    if (!output) continue;
    run_case(run, "lora", key, true, [&](CompatCase& check) {
      std::shared_ptr<const Pipeline> patched;
      if (output->name != "base")
        patched = apply_loras(run.composer.registry(), base,
                              {{output->name, run.golden.path("lora/" + output->name + ".safetensors"),
                                output->strength, output->strength}});
      const Tensor ours = compute(run, patched ? *patched : base, output->part);
      run.golden.keep(kFile, key, ours);
      check.close("output", ours, file.tensor(key), kComponentTolerance);
    });
  }
}

}  // namespace alice
