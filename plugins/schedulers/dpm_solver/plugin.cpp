// Exponential integrators in lambda = log(alpha / sigma): the DPM-Solver family, DEIS, SA-Solver and UniPC.

#include "core/api/plugin.h"

#include "core/math/sampler_factory.h"
#include "plugins/schedulers/dpm_solver/deis_multistep.h"
#include "plugins/schedulers/dpm_solver/dpm_solver_multistep.h"
#include "plugins/schedulers/dpm_solver/dpm_solver_singlestep.h"
#include "plugins/schedulers/dpm_solver/sa_solver.h"
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
  // k-diffusion's own names of the stochastic ones are those of the library with its noise.
  add({"dpm++_sde", "dpm++_2m_sde"}, sde);
  add({"dpm++_sde_karras", "dpm++_2m_sde_karras"}, joined(sde, karras));
  add({"dpm++_2m_exponential", "DPM++ 2M Exponential"}, joined(ode, exponential));
  add({"dpm++_2m_sde_exponential"}, joined(sde, exponential));
  add({"dpm++_2m_sde_heun"}, sde_heun);
  add({"dpm++_2m_sde_heun_karras"}, joined(sde_heun, karras));
  add({"dpm_solver"}, noise);
  return aliases;
}

FactoryInfo dpm_info() {
  FactoryInfo info;
  info.id = "dpm_solver_multistep";
  info.help = "DPM-Solver and DPM-Solver++ (DPM++ 2M and its kin): good pictures in 15 to 30 steps.";
  info.aliases = dpm_aliases();
  info.classes = {"DPMSolverMultistepScheduler", kEdmClass};
  info.kin = {{"CosineDPMSolverMultistepScheduler", {{"algorithm_type", "sde-dpmsolver++"}, {"solver_order", 2}}}};
  return info;
}

FactoryInfo singlestep_info() {
  const Json karras = spacing_preset(SigmaSpacing::karras);
  FactoryInfo info;
  info.id = "dpm_solver_singlestep";
  info.help = "DPM-Solver and DPM-Solver++ in groups of steps that each start anew (DPM++ 2S).";
  info.aliases = {{"dpm++_2s"}, {"dpmpp_2s"}, {"DPM++ 2S"}, {"dpm++_2s_karras", karras}, {"DPM++ 2S Karras", karras}};
  info.classes = {"DPMSolverSinglestepScheduler"};
  return info;
}

FactoryInfo deis_info() {
  const Json karras = spacing_preset(SigmaSpacing::karras);
  FactoryInfo info;
  info.id = "deis_multistep";
  info.help = "DEIS: exact integrals of a polynomial in the log noise level; good pictures in 10 to 20 steps.";
  info.aliases = {{"deis_multistep_karras", karras}};
  info.classes = {"DEISMultistepScheduler"};
  return info;
}

FactoryInfo sa_info() {
  FactoryInfo info;
  info.id = "sa_solver_multistep";
  info.help = "SA-Solver: stochastic predictor and corrector of Adams' kind, one call a step.";
  info.aliases = {{"sa_solver_ode", {{"tau", 0}}}};
  info.classes = {"SASolverScheduler"};
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
  enrol.add(std::make_unique<alice::SamplerFactory<DpmSolverSinglestep>>(singlestep_info()));
  enrol.add(std::make_unique<alice::SamplerFactory<DeisMultistep>>(deis_info()));
  enrol.add(std::make_unique<alice::SamplerFactory<SaSolver>>(sa_info()));
  enrol.add(std::make_unique<alice::SamplerFactory<UniPc>>(unipc_info()));
})
