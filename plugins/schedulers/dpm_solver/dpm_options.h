#pragma once
// Options that several of the reference's classes of this family have alike.

#include <limits>

#include "core/math/sampler_options.h"
#include "plugins/schedulers/dpm_solver/dpm_step.h"

namespace alice::schedulers {

/// The words of solver_type; those of DEIS and UniPC, in files of their models, are read as the reference reads them.
inline const Choices<DpmSolverType>& dpm_solver_types() {
  static const Choices<DpmSolverType> types = {{"midpoint", DpmSolverType::midpoint},
                                               {"heun", DpmSolverType::heun},
                                               {"logrho", DpmSolverType::midpoint},
                                               {"bh1", DpmSolverType::midpoint},
                                               {"bh2", DpmSolverType::midpoint}};
  return types;
}

template <class T>
void add_lambda_min_option(OptionTable<T>& table) {
  table.number("lambda_min_clipped", &T::lambda_min_clipped, {-std::numeric_limits<double>::infinity(), 20},
               "least half log signal-to-noise that a run starts from; about -5.1 for the cosine schedule");
}

}  // namespace alice::schedulers
