#pragma once
// The samplers of this library, each in a file of its own: it says of what paper and of whose code.

#include <memory>

#include "core/api/scheduler.h"

namespace alice::schedulers {

using MadeFactory = std::unique_ptr<SchedulerFactory>;

MadeFactory deis();
MadeFactory dpm2();
MadeFactory dpm2_ancestral();
MadeFactory dpm_adaptive();
MadeFactory dpm_fast();
MadeFactory dpmpp_2m_sde();
MadeFactory dpmpp_2s_ancestral();
MadeFactory dpmpp_3m_sde();
MadeFactory dpmpp_sde();
MadeFactory er_sde();
MadeFactory gradient_estimation();
MadeFactory heunpp2();
MadeFactory ipndm();
MadeFactory ipndm_v();
MadeFactory res_multistep();
MadeFactory restart();
MadeFactory sa_solver();
MadeFactory seeds_2();
MadeFactory seeds_3();

}  // namespace alice::schedulers
