#include <map>

#include "server/worker/compat/compat.h"

namespace alice {
namespace {

constexpr const char* kFile = "unet/unet.safetensors";

Conditioning conditioning_of(const SafetensorsFile& file, const std::string& key) {
  Conditioning conditioning = {{"tokens", file.tensor(key + "/context")}};
  if (file.index().contains(key + "/text_embeds")) conditioning["pooled"] = file.tensor(key + "/text_embeds");
  if (file.index().contains(key + "/time_ids")) conditioning["time_ids"] = file.tensor(key + "/time_ids");
  return conditioning;
}

}  // namespace

void check_unet(CompatRun& run) {
  std::map<std::string, std::shared_ptr<const UNet>> unets;
  const SafetensorsFile& file = run.golden.tensors(kFile);
  for (const Json& one : run.golden.json("unet/unet.json").at("cases")) {
    const std::string key = one.at("key").get<std::string>();
    const std::string family = family_of(key);
    run_case(run, "unet", key, run.scope.families.count(family), [&](CompatCase& check) {
      auto& unet = unets[family];
      if (!unet) unet = load_unet(run, family);
      const Tensor sample = file.tensor(key + "/sample");
      const Tensor t = at::full({sample.size(0)}, one.at("timestep").get<double>(), at::kFloat);
      const Tensor ours = unet->prepare(conditioning_of(file, key))->predict(sample, t);
      run.golden.keep(kFile, key + "/out", ours);
      check.close("out", ours, file.tensor(key + "/out"), kComponentTolerance);
    });
  }
}

}  // namespace alice
