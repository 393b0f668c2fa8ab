// Samplers that work in sigma, on every path of noise: Euler, Euler ancestral, Heun.

#include "core/api/plugin.h"

#include "core/math/sampler_factory.h"
#include "plugins/schedulers/euler/euler.h"
#include "plugins/schedulers/euler/euler_ancestral.h"
#include "plugins/schedulers/euler/heun.h"

namespace alice::schedulers {
namespace {

/// What classes of flow matching stand for.
Json flow() { return {{"prediction_type", "flow_prediction"}}; }

FactoryInfo euler_info() {
  const Json karras = spacing_preset(SigmaSpacing::karras);
  FactoryInfo info;
  info.id = "euler";
  info.help = "Euler: plain first-order steps; fast and predictable.";
  info.aliases = {{"k_euler"},
                  {"euler_karras", karras},
                  {"Euler Karras", karras},
                  {"euler_trailing", {{"timestep_spacing", "trailing"}}}};
  info.classes = {"EulerDiscreteScheduler", "FlowMatchEulerDiscreteScheduler", "EDMEulerScheduler"};
  return info;
}

FactoryInfo euler_ancestral_info() {
  FactoryInfo info;
  info.id = "euler_ancestral";
  info.help = "Euler ancestral: Euler with fresh noise in every step; never settles on one picture as steps grow.";
  info.aliases = {{"euler_a"}, {"Euler a"}, {"k_euler_a"}, {"k_euler_ancestral"}};
  info.classes = {"EulerAncestralDiscreteScheduler"};
  return info;
}

FactoryInfo heun_info() {
  const Json karras = spacing_preset(SigmaSpacing::karras);
  FactoryInfo info;
  info.id = "heun";
  info.help = "Heun: second-order steps from two network calls each.";
  info.aliases = {{"k_heun"}, {"heun_karras", karras}, {"Heun Karras", karras}};
  info.classes = {"HeunDiscreteScheduler", "FlowMatchHeunDiscreteScheduler"};
  return info;
}

}  // namespace
}  // namespace alice::schedulers

ALICE_PLUGIN("alice-schedulers-euler", "0.1.0", [](alice::Enrolment& enrol) {
  using namespace alice::schedulers;
  enrol.add(std::make_unique<alice::SamplerFactory<Euler>>(
      euler_info(),
      std::vector<alice::Alias>{{"FlowMatchEulerDiscreteScheduler", flow()}, {"EDMEulerScheduler", {{"edm", true}}}}));
  enrol.add(std::make_unique<alice::SamplerFactory<EulerAncestral>>(euler_ancestral_info()));
  enrol.add(std::make_unique<alice::SamplerFactory<Heun>>(
      heun_info(), std::vector<alice::Alias>{{"FlowMatchHeunDiscreteScheduler", flow()}},
      std::vector<alice::Alias>{{"HeunDiscreteScheduler", alice::latent_betas()}}));
})
