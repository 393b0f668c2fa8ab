// Samplers of k-diffusion and of what grew from it: in sigma with alpha 1, or on a flow along its straight line.

#include "core/api/plugin.h"

#include "plugins/schedulers/k_diffusion/samplers.h"

namespace alice::schedulers {
namespace {

void enrol_all(Enrolment& enrol) {
  for (MadeFactory (*const make)() :
       {deis, dpm2, dpm2_ancestral, dpm_adaptive, dpm_fast, dpmpp_2m_sde, dpmpp_2s_ancestral, dpmpp_3m_sde, dpmpp_sde,
        er_sde, gradient_estimation, heunpp2, ipndm, ipndm_v, res_multistep, restart, sa_solver, seeds_2, seeds_3})
    enrol.add(make());
}

}  // namespace
}  // namespace alice::schedulers

ALICE_PLUGIN("alice-schedulers-k-diffusion", "0.1.0", alice::schedulers::enrol_all)
