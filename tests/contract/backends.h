#pragma once
// What the contract tests run on, and how a kernel is tried.

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/api/backend.h"

namespace alice::test {

using BackendPtr = std::shared_ptr<const Backend>;

/// Every backend that was built, in every precision that this processor has. ALICE_TEST_BACKEND leaves one alone:
/// oneDNN's limit on instruction sets breaks libtorch's own bfloat16, not ours.
const std::vector<BackendPtr>& backends();
/// Is this the backend that ALICE_TEST_BACKEND leaves alone, or is none?
bool is_wanted(const std::string& id);

constexpr int64_t kRows = 8;  // the largest batch that is compared

/// Normalised error: rounding of each value, and of one intermediate.
double tolerance(const Backend& backend);
/// Of linear and conv2d: what the backend says of its products, or tolerance(). int8_test.cpp says where the larger one
/// comes from.
double product_tolerance(const Backend& backend);

/// Standard normal times `scale`, in the backend's dtype.
Tensor random(std::vector<int64_t> shape, const Backend& backend, double scale = 1);

/// Runs `kernel` on the first rows of each input, and compares: with float64 for all rows, bit for bit between batches,
/// and the inputs with what they were.
void check_kernel(const Backend& backend, double allowed, const std::vector<Tensor>& inputs,
                  const std::function<Tensor(const std::vector<Tensor>& some)>& kernel, const Tensor& expected);

}  // namespace alice::test
