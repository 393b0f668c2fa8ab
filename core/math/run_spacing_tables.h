#pragma once
// Noise levels that their authors optimised and published as numbers.

#include <cstdint>
#include <vector>

namespace alice {

using SigmaList = std::vector<double>;

/// Of ten steps, the last above 0: Sabour et al. 2024, "Align Your Steps", as A1111 (three digits) and ComfyUI have
/// them.
const SigmaList& align_your_steps_a1111(bool xl);
const SigmaList& align_your_steps_comfyui(bool xl);
/// Of `steps` steps, 2 to 20, the last above 0: Chen et al. 2024, GITS, coefficient 1.20.
const SigmaList& gits_sigmas(int64_t steps);

}  // namespace alice
