#pragma once
// Products of two factors as LyCORIS writes them: a [rows, rank] times b [rank, columns], or, where there is a core
// t [rank, rank, kh, kw], a [rank, rows] and b [rank, columns].

#include "plugins/loras/low_rank/methods/method.h"

namespace alice::low_rank {

/// Do factors and core make a matrix or convolution of `shape`? Else faults. They must be there; the core may be.
bool fit_product(const Module& module, const std::string& a, const std::string& b, const std::string& core,
                 const std::vector<int64_t>& shape, int64_t rank);
/// [rows, columns], of a core [rows, columns, kh, kw]; float32.
Tensor product(const WeightSource& file, const LoraPatch& patch, const std::string& a, const std::string& b,
               const std::string& core);

}  // namespace alice::low_rank
