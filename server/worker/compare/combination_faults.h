#pragma once
// What is wrong with the pictures of a comparison, told once, with the values that it comes with.

#include <string>
#include <vector>

#include "server/worker/compare/combinations.h"

namespace alice {

class CombinationFaults {
 public:
  /// `comparison` must outlive it.
  explicit CombinationFaults(const Comparison& comparison) : comparison_(comparison) {}

  /// Why that picture cannot be drawn.
  void add(size_t picture, const Error& error);
  /// One Error with the code of the first. A fault that only some pictures have names the labels that they share.
  void throw_if_any() const;

 private:
  struct Found {
    Fault fault;
    std::vector<size_t> pictures;
  };
  std::string values_of(const Found& found) const;

  const Comparison& comparison_;
  ErrorCode code_ = ErrorCode::internal;
  std::vector<Found> found_;
};

}  // namespace alice
