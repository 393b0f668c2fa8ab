#pragma once
// Bytes that wait in memory because of what clients send, or do not read. On the loop's thread only.

#include <cstdint>
#include <memory>
#include <utility>

namespace alice {

struct ByteBudget {
  uint64_t most = 0;  ///< of all connections together
  uint64_t held = 0, highest = 0;
  bool has_room_for(uint64_t bytes) const { return bytes <= most && held <= most - bytes; }
};

/// A share of a budget, given back at the end of the scope.
class HeldBytes {
 public:
  explicit HeldBytes(std::shared_ptr<ByteBudget> budget) : budget_(std::move(budget)) {}
  HeldBytes(std::shared_ptr<ByteBudget> budget, uint64_t bytes) : budget_(std::move(budget)) { become(bytes); }
  ~HeldBytes() { become(0); }
  HeldBytes(const HeldBytes&) = delete;
  HeldBytes& operator=(const HeldBytes&) = delete;

  void become(uint64_t bytes) {
    budget_->held += bytes - bytes_;  // modulo 2^64, as unsigned numbers are
    bytes_ = bytes;
    if (budget_->held > budget_->highest) budget_->highest = budget_->held;
  }
  uint64_t bytes() const { return bytes_; }
  bool is_within() const { return budget_->held <= budget_->most; }

 private:
  const std::shared_ptr<ByteBudget> budget_;
  uint64_t bytes_ = 0;
};

}  // namespace alice
