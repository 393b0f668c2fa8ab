#pragma once
// The predictor UniP and the corrector UniC (Zhao et al. 2023, arXiv 2302.04867).

#include <deque>

#include "core/api/scheduler.h"

namespace alice::schedulers {

/// B(h), which the residual is scaled by. bh1: h. bh2: exp(h) - 1.
enum class UniPcScale { bh1, bh2 };

struct UniPcMethod {
  bool predict_x0;  ///< outputs are x0; otherwise the noise
  UniPcScale scale;
};

/// What is integrated, and where it was seen.
struct UniPcOutput {
  Tensor value;
  Level level;
};
/// The latest first.
using UniPcHistory = std::deque<UniPcOutput>;

/// x at history[0].level -> x at `to`, from `order` outputs. order is 1 where to.sigma is 0.
Tensor unipc_predict(const UniPcMethod& method, int order, const Tensor& x, const UniPcHistory& history,
                     const Level& to);

/// x at history[0].level -> x at here.level, from `order` outputs and the one there. here.level.sigma > 0.
Tensor unipc_correct(const UniPcMethod& method, int order, const Tensor& x, const UniPcHistory& history,
                     const UniPcOutput& here);

}  // namespace alice::schedulers
