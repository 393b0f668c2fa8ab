#pragma once
// The paths from picture to noise whose levels are a formula, not a table of training steps: flow matching, and EDM.

#include "core/math/noise_model.h"

namespace alice {

NoisePath path_of(const NoiseModelOptions& options);
/// Adds a fault for each option that belongs to another path, and for what is not built.
void check_path(const NoiseModelOptions& options, Faults& faults);

/// NoiseModel::run_sigmas() of a flow, before its shift.
std::vector<double> flow_grid(const NoiseModelOptions& options, int64_t steps);
/// NoiseModel::shifted(). tokens: what for_tokens() said.
std::vector<double> flow_shifted(const NoiseModelOptions& options, std::optional<int64_t> tokens,
                                 std::vector<double> sigmas);
/// NoiseModel::run_sigmas() of EDM.
std::vector<double> edm_sigmas(const NoiseModelOptions& options, int64_t steps);

}  // namespace alice
