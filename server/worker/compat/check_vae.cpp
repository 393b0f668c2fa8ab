#include <map>
#include <set>

#include "server/worker/compat/compat.h"

namespace alice {
namespace {

constexpr const char* kFile = "vae/vae.safetensors";

/// The goldens hold raw latents; a Vae speaks the sampler's.
Tensor to_sampler(const Tensor& raw, const VaeInfo& info) { return (raw - info.shift_factor) * info.scaling_factor; }
Tensor to_raw(const Tensor& latents, const VaeInfo& info) { return latents / info.scaling_factor + info.shift_factor; }

std::set<std::string> case_keys(const TensorIndex& index) {
  std::set<std::string> keys;
  for (const auto& tensor : index.tensors) keys.insert(tensor.first.substr(0, tensor.first.rfind('/')));
  return keys;
}

}  // namespace

void check_vae(CompatRun& run) {
  std::map<std::string, std::shared_ptr<const Vae>> vaes;
  const SafetensorsFile& file = run.golden.tensors(kFile);
  for (const std::string& key : case_keys(file.index())) {
    const std::string family = family_of(key);
    run_case(run, "vae", key, run.scope.families.count(family), [&](CompatCase& check) {
      auto& vae = vaes[family];
      if (!vae) vae = load_vae(run, family);
      const VaeInfo& info = vae->info();
      const auto compare = [&](const std::string& name, const Tensor& ours) {
        run.golden.keep(kFile, key + "/" + name, ours);
        check.close(name, ours, file.tensor(key + "/" + name), kComponentTolerance);
      };

      const LatentDistribution encoded = vae->encode(file.tensor(key + "/image"));
      const Tensor mean = to_raw(encoded.mean, info);
      const Tensor deviation = encoded.deviation / info.scaling_factor;
      compare("mean", mean);
      compare("logvar", deviation.log() * 2);
      compare("sample", mean + deviation * file.tensor(key + "/noise"));
      compare("decoded", vae->decode(to_sampler(file.tensor(key + "/latent"), info)));
    });
  }
}

}  // namespace alice
