// Samplers that step between training steps: DDIM and PNDM.

#include "core/api/plugin.h"

#include "core/math/sampler_factory.h"
#include "plugins/schedulers/ddim/ddim.h"
#include "plugins/schedulers/ddim/pndm.h"

namespace alice::schedulers {
namespace {

FactoryInfo ddim_info() {
  FactoryInfo info;
  info.id = "ddim";
  info.help = "DDIM: deterministic first-order steps, or with eta up to DDPM's randomness.";
  info.classes = {"DDIMScheduler", "DDIMParallelScheduler"};  // the same steps, several at once
  info.kin = {{"DDPMScheduler", {{"eta", 1}}}, {"DDPMParallelScheduler", {{"eta", 1}}}};
  return info;
}

FactoryInfo pndm_info() {
  FactoryInfo info;
  info.id = "pndm";
  info.help =
      "PNDM: a linear multistep method of fourth order on DDIM's transfer (PLMS), the first default of Stable "
      "Diffusion.";
  info.aliases = {{"PLMS", {{"skip_prk_steps", true}}}};
  info.classes = {"PNDMScheduler"};
  info.kin = {{"IPNDMScheduler"}};
  return info;
}

}  // namespace
}  // namespace alice::schedulers

ALICE_PLUGIN("alice-schedulers-ddim", "0.1.0", [](alice::Enrolment& enrol) {
  using namespace alice::schedulers;
  enrol.add(std::make_unique<alice::SamplerFactory<Ddim>>(ddim_info()));
  enrol.add(std::make_unique<alice::SamplerFactory<Pndm>>(pndm_info()));
})
