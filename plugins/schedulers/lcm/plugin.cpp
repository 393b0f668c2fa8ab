// The sampler of latent consistency models.

#include "core/api/plugin.h"

#include "core/math/sampler_factory.h"
#include "plugins/schedulers/lcm/lcm.h"

namespace alice::schedulers {
namespace {

FactoryInfo lcm_info() {
  FactoryInfo info;
  info.id = "lcm";
  info.help = "LCM: consistency sampling in 1 to 8 steps, for networks that were distilled for it.";
  info.classes = {"LCMScheduler"};
  info.caution =
      "is for networks that were distilled for it (or a LoRA that makes one of a model): others give smooth "
      "pictures without detail";
  return info;
}

std::vector<Alias> class_defaults() {
  return {{"LCMScheduler", joined(latent_betas(), {{"beta_schedule", "scaled_linear"}})}};
}

}  // namespace
}  // namespace alice::schedulers

ALICE_PLUGIN("alice-schedulers-lcm", "0.1.0", [](alice::Enrolment& enrol) {
  using namespace alice::schedulers;
  enrol.add(std::make_unique<alice::SamplerFactory<Lcm>>(lcm_info(), std::vector<alice::Alias>{}, class_defaults()));
})
