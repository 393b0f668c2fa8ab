#pragma once
// Making a part of a picture anew with any network: between two steps the rest is the picture's own, noised to the
// level. Stands between record and network, draws nothing, and depends on x, the level and the start alone.

#include "core/api/scheduler.h"
#include "core/host/make/start.h"

namespace alice {

/// x as the network is to see it: where nothing is made anew, the known latents noised to `level`. At the plan's
/// `first` level x is as it begins: in noise alone everywhere, or so noised already.
Tensor with_known(const Start& start, const Tensor& x, const Level& level, const Level& first);

/// The latents of the result: the known ones where nothing was made anew.
Tensor known_at_end(const Start& start, const Tensor& x);

}  // namespace alice
