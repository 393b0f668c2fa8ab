// The sampler of trajectory consistency models.

#include "core/api/plugin.h"

#include "core/math/sampler_factory.h"
#include "plugins/schedulers/tcd/tcd.h"

namespace alice::schedulers {
namespace {

FactoryInfo tcd_info() {
  FactoryInfo info;
  info.id = "tcd";
  info.help = "TCD: trajectory consistency sampling in a few steps, for networks that were distilled for it.";
  info.classes = {"TCDScheduler"};
  info.caution =
      "is for networks that were distilled for it (or a LoRA that makes one of a model): others give blurred "
      "pictures";
  return info;
}

std::vector<Alias> class_defaults() {
  return {{"TCDScheduler", joined(latent_betas(), {{"beta_schedule", "scaled_linear"}})}};
}

}  // namespace
}  // namespace alice::schedulers

ALICE_PLUGIN("alice-schedulers-tcd", "0.1.0", [](alice::Enrolment& enrol) {
  using namespace alice::schedulers;
  enrol.add(std::make_unique<alice::SamplerFactory<Tcd>>(tcd_info(), std::vector<alice::Alias>{}, class_defaults()));
})
