#pragma once
// Backends whose products round more than their dtype says, as 8-bit ones do: how much. Such a backend answers
// extension(kProductError) with a ProductError.

namespace alice {

inline constexpr const char* kProductError = "alice/product-error/1";

/// Of linear() and conv2d(); the other kernels round as the dtype does.
struct ProductError {
  /// The largest normalised error, |result - exact| / |exact| in the 2-norm, on normally distributed activations and
  /// weights, with any epilogue. Above that of the dtype, at most 0.1.
  double largest;
};

}  // namespace alice
