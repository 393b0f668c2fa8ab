#pragma once
// A weight in 8 bits: q scale, q an integer of -127 to 127, one scale an output channel.

#include <optional>

#include "core/api/tensor.h"

namespace alice::onednn {

/// What stands beside the integers q.
struct WeightRounding {
  Tensor scales;  ///< float32 [out]
  Tensor sums;    ///< int32 [out], of each channel's q
};

struct RoundedWeight {
  Tensor integers;  ///< int8, of the weight's shape
  WeightRounding rounding;
};

/// weight [out, in, ...], of any float dtype, to the nearest in 8 bits. Nothing for a weight that is to stay as it is:
/// one that is small (the first and last convolutions of networks are: they cost little and their errors go through
/// everything), too deep for sums of 32 bits, or that would lose more than kMostRounding.
std::optional<RoundedWeight> rounded(const Tensor& weight);

/// q scale, of the integers' shape.
Tensor to_values(const Tensor& integers, const WeightRounding& rounding, at::ScalarType dtype);
/// And back: bfloat16 is off by 2^-9 of a value, a quarter of an integer at most, so none is lost.
Tensor to_integers(const Tensor& values, const WeightRounding& rounding);

/// The largest normalised error, |rounded - exact| / |exact|, of a weight as a whole and of a row of activations that
/// are multiplied in 8 bits. Normally distributed numbers lose 0.8 to 1.2 %.
constexpr double kMostRounding = 0.03;

}  // namespace alice::onednn
