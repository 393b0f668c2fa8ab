// Exponential integrators in lambda = log(alpha / sigma): the DPM-Solver family and UniPC.

#include "core/api/plugin.h"

#include "core/math/sampler_factory.h"
#include "plugins/schedulers/dpm_solver/dpm_solver_multistep.h"
#include "plugins/schedulers/dpm_solver/unipc.h"

namespace alice::schedulers {
namespace {

constexpr const char* kEdmClass = "EDMDPMSolverMultistepScheduler";

/// The names under which people know this sampler: ALICE's, k-diffusion's and AUTOMATIC1111's.
std::vector<Alias> dpm_aliases() {
  const Json ode = {{"algorithm_type", "dpmsolver++"}, {"solver_order", 2}};
  const Json sde = {{"algorithm_type", "sde-dpmsolver++"}, {"solver_order", 2}};
  const Json sde_heun = joined(sde, {{"solver_type", "heun"}});
  const Json noise = {{"algorithm_type", "dpmsolver"}, {"solver_order", 2}, {"final_sigmas_type", "sigma_min"}};
  const Json karras = spacing_preset(SigmaSpacing::karras), exponential = spacing_preset(SigmaSpacing::exponential);
  std::vector<Alias> aliases;
  const auto add = [&](std::initializer_list<const char*> names, const Json& options) {
    for (const char* name : names) aliases.push_back({name, options});
  };
  add({"dpm++", "dpm++_2m", "dpmpp_2m", "dpm_solver++", "DPM++ 2M"}, ode);
  add({"dpm++_karras", "dpm++_2m_karras", "dpmpp_2m_karras", "DPM++ Karras", "DPM++ 2M Karras"}, joined(ode, karras));
  add({"dpm++_sde", "dpm++_2m_sde", "dpmpp_2m_sde", "DPM++ 2M SDE"}, sde);
  add({"dpm++_sde_karras", "dpm++_2m_sde_karras", "dpmpp_2m_sde_karras", "DPM++ 2M SDE Karras"}, joined(sde, karras));
  add({"dpm++_2m_exponential", "DPM++ 2M Exponential"}, joined(ode, exponential));
  add({"dpm++_2m_sde_exponential", "DPM++ 2M SDE Exponential"}, joined(sde, exponential));
  add({"dpm++_2m_sde_heun", "DPM++ 2M SDE Heun"}, sde_heun);
  add({"dpm++_2m_sde_heun_karras", "DPM++ 2M SDE Heun Karras"}, joined(sde_heun, karras));
  add({"dpm_solver"}, noise);
  return aliases;
}

FactoryInfo dpm_info() {
  FactoryInfo info;
  info.id = "dpm_solver_multistep";
  info.help = "DPM-Solver and DPM-Solver++ (DPM++ 2M and its kin): good pictures in 15 to 30 steps.";
  info.aliases = dpm_aliases();
  info.classes = {"DPMSolverMultistepScheduler", kEdmClass};
  const Json sde = {{"algorithm_type", "sde-dpmsolver++"}, {"solver_order", 2}, {"solver_type", "midpoint"}};
  info.kin = {{"DPMSolverSinglestepScheduler"},
              {"DEISMultistepScheduler", {{"algorithm_type", "dpmsolver++"}}},
              {"DPMSolverSDEScheduler", sde},
              {"SASolverScheduler", sde}};
  return info;
}

FactoryInfo unipc_info() {
  const Json karras = spacing_preset(SigmaSpacing::karras);
  FactoryInfo info;
  info.id = "unipc";
  info.help = "UniPC: predictor and corrector from one call a step; good pictures in 5 to 15 steps.";
  info.aliases = {{"uni_pc"}, {"unipc_karras", karras}, {"UniPC Karras", karras}};
  info.classes = {"UniPCMultistepScheduler"};
  return info;
}

}  // namespace
}  // namespace alice::schedulers

ALICE_PLUGIN("alice-schedulers-dpm-solver", "0.1.0", [](alice::Enrolment& enrol) {
  using namespace alice::schedulers;
  enrol.add(std::make_unique<alice::SamplerFactory<DpmSolverMultistep>>(
      dpm_info(), std::vector<alice::Alias>{{kEdmClass, {{"edm", true}}}}));
  enrol.add(std::make_unique<alice::SamplerFactory<UniPc>>(unipc_info()));
})
