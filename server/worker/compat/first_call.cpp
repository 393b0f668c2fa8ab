#include "server/worker/compat/first_call.h"

#include "server/worker/compat/reference_call.h"

namespace alice {

void FirstCalls::check(const Json& one, const std::string& id) {
  const RunTensors tensors(table_, one);
  if (!tensors.has("unet0/out") || !tensors.has("unet0/sample")) return;
  const std::string pipeline = pipeline_class(run_, table_, one);
  const std::string model = table_.model_of(one.at("id").get<std::string>(), one);
  bool in_scope = part_in_scope(run_, model, "unet");
  try {
    refuse_others(pipeline, one);
  } catch (const Skip&) {  // the case says so
    in_scope = false;
  }
  run_case(run_, "unet", id + " first call", in_scope, [&](CompatCase& check) {
    refuse_others(pipeline, one);
    auto& unet = unets_[model];
    if (!unet) unet = load_unet(run_, model);
    const Tensor golden = tensors.get("unet0/out");
    const Tensor sample = tensors.get("unet0/sample").expand({golden.size(0), -1, -1, -1});
    const Tensor t = at::full({golden.size(0)}, one.at("unet_timesteps").at(0).get<double>(), at::kFloat);
    Conditioning conditioning = conditioning_of(tensors, *unet, pipeline, one);
    const Tensor x = split_sample(sample.contiguous(), *unet, conditioning);
    const Tensor ours = unet->prepare(conditioning)->predict(x, t);
    run_.golden.keep(table_.tensor_file(), one.at("id").get<std::string>() + "/unet0/out", ours);
    check.close("out", ours, golden, kComponentTolerance);
  });
}

/// Networks that are given more, or are changed, are no plain UNets.
void FirstCalls::refuse_others(const std::string& pipeline, const Json& one) const {
  if (!run_.scope.networks.count(pipeline)) throw Skip{"what " + pipeline + " gives its network is not built"};
  for (const auto& input : inputs_of(run_, one))
    if (!run_.scope.pictures.count(input.first)) throw Skip{"the network depends on '" + input.first + "'"};
}

Conditioning FirstCalls::conditioning_of(const RunTensors& tensors, const UNet& unet, const std::string& pipeline,
                                         const Json& one) const {
  Conditioning conditioning = {{"tokens", tensors.shared(one.at("unet_context").get<std::string>())}};
  if (tensors.has("unet0/text_embeds")) conditioning["pooled"] = tensors.get("unet0/text_embeds");
  if (tensors.has("unet0/time_ids")) conditioning["time_ids"] = tensors.get("unet0/time_ids");
  if (unet.info().further_conditioning.count(kGuidanceScale))
    conditioning[kGuidanceScale] =
        at::full({conditioning["tokens"].size(0), 1},
                 arguments_of(run_, pipeline, one).at("guidance_scale").get<double>(), at::kDouble);
  return conditioning;
}

}  // namespace alice
