#include <map>
#include <set>

#include "server/worker/compat/compat.h"

namespace alice {
namespace {

/// The goldens hold raw latents; a Vae speaks the sampler's.
Tensor to_sampler(const Tensor& raw, const VaeInfo& info) { return (raw - info.shift_factor) * info.scaling_factor; }
Tensor to_raw(const Tensor& latents, const VaeInfo& info) { return latents / info.scaling_factor + info.shift_factor; }

std::set<std::string> case_keys(const TensorIndex& index) {
  std::set<std::string> keys;
  for (const auto& tensor : index.tensors) keys.insert(tensor.first.substr(0, tensor.first.rfind('/')));
  return keys;
}

/// In [-1, 1].
Tensor picture_of(const SafetensorsFile& file, const std::string& key) {
  if (file.index().contains(key + "/image")) return file.tensor(key + "/image");
  return file.tensor(key + "/image_u8").to(at::kFloat) / 255 * 2 - 1;
}

}  // namespace

void check_vae(CompatRun& run, const GoldenTable& table) {
  std::map<std::string, std::shared_ptr<const Vae>> vaes;
  const SafetensorsFile& file = table.tensors();
  for (const std::string& key : case_keys(file.index())) {
    const std::string model = table.model_of(key);
    run_case(run, "vae", table.id(key), part_in_scope(run, model, "vae"), [&](CompatCase& check) {
      auto& vae = vaes[model];
      if (!vae) vae = load_vae(run, model);
      const VaeInfo& info = vae->info();
      const auto compare = [&](const std::string& name, const Tensor& ours) {
        run.golden.keep(table.tensor_file(), key + "/" + name, ours);
        check.close(name, ours, file.tensor(key + "/" + name), kComponentTolerance);
      };

      const LatentDistribution encoded = vae->encode(picture_of(file, key));
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
