#include <map>

#include "server/worker/compat/run_tensors.h"

namespace alice {
namespace {

/// What the table holds of case `key`, and the guidance scale for a network that is told it.
Conditioning conditioning_of(const SafetensorsFile& file, const std::string& key, const Json& one, const UNet& unet) {
  Conditioning conditioning = {{"tokens", file.tensor(key + "/context")}};
  if (file.index().contains(key + "/text_embeds")) conditioning["pooled"] = file.tensor(key + "/text_embeds");
  if (file.index().contains(key + "/time_ids")) conditioning["time_ids"] = file.tensor(key + "/time_ids");
  if (unet.info().further_conditioning.count(kGuidanceScale))
    conditioning[kGuidanceScale] =
        at::full({conditioning["tokens"].size(0), 1}, one.at("guidance").get<double>(), at::kDouble);
  return conditioning;
}

}  // namespace

void check_unet(CompatRun& run, const GoldenTable& table) {
  std::map<std::string, std::shared_ptr<const UNet>> unets;
  const SafetensorsFile& file = table.tensors();
  for (const Json& one : table.cases()) {
    const std::string key = one.at("key").get<std::string>();
    const std::string model = table.model_of(key, one);
    run_case(run, "unet", table.id(key), part_in_scope(run, model, "unet"), [&](CompatCase& check) {
      auto& unet = unets[model];
      if (!unet) unet = load_unet(run, model);
      const Tensor sample = file.tensor(key + "/sample");
      const Tensor t = at::full({sample.size(0)}, one.at("timestep").get<double>(), at::kFloat);
      Conditioning conditioning = conditioning_of(file, key, one, *unet);
      const Tensor x = split_sample(sample, *unet, conditioning);
      const Tensor ours = unet->prepare(conditioning)->predict(x, t);
      run.golden.keep(table.tensor_file(), key + "/out", ours);
      check.close("out", ours, file.tensor(key + "/out"), kComponentTolerance);
    });
  }
}

}  // namespace alice
