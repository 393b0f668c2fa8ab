// Samplers that step between training steps: DDIM, DDPM and PNDM.

#include "core/api/plugin.h"

#include "core/math/sampler_factory.h"
#include "plugins/schedulers/ddim/ddim.h"
#include "plugins/schedulers/ddim/ddpm.h"
#include "plugins/schedulers/ddim/ipndm.h"
#include "plugins/schedulers/ddim/pndm.h"

namespace alice::schedulers {
namespace {

FactoryInfo ddim_info() {
  FactoryInfo info;
  info.id = "ddim";
  info.help = "DDIM: deterministic first-order steps, or with eta up to DDPM's randomness.";
  info.aliases = {{"ddim_trailing", {{"timestep_spacing", "trailing"}}}};
  info.classes = {"DDIMScheduler", "DDIMParallelScheduler"};  // the same steps, several at once
  info.kin = {{"CogVideoXDDIMScheduler"}};
  return info;
}

FactoryInfo ddpm_info() {
  FactoryInfo info;
  info.id = "ddpm";
  info.help = "DDPM: ancestral steps with fresh noise, as diffusion was first sampled; needs many of them.";
  info.classes = {"DDPMScheduler", "DDPMParallelScheduler"};  // the same steps, several at once
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
  return info;
}

FactoryInfo ipndm_info() {
  FactoryInfo info;
  info.id = "ipndm_angular";
  info.help = "IPNDM on the angles of v-diffusion: a linear multistep method of fourth order, one call a step.";
  info.classes = {"IPNDMScheduler"};
  info.caution =
      "is for networks of v-diffusion, which are told an angle from 0 to 1 and not a training step: others give noise; "
      "people mostly mean ipndm";
  return info;
}

}  // namespace
}  // namespace alice::schedulers

ALICE_PLUGIN("alice-schedulers-ddim", "0.1.0", [](alice::Enrolment& enrol) {
  using namespace alice::schedulers;
  enrol.add(std::make_unique<alice::SamplerFactory<Ddim>>(ddim_info()));
  enrol.add(std::make_unique<alice::SamplerFactory<Ddpm>>(ddpm_info()));
  enrol.add(std::make_unique<alice::SamplerFactory<Pndm>>(pndm_info()));
  enrol.add(std::make_unique<alice::SamplerFactory<Ipndm>>(
      ipndm_info(), std::vector<alice::Alias>{{"IPNDMScheduler", {{"prediction_type", "v_prediction"}}}}));
})
