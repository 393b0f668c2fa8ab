#pragma once
// Sound plugins with one fault planted: which, the environment says. Without one the sound twin is left.

#include <cstdlib>
#include <memory>
#include <string>
#include <utility>

#include "core/api/plugin.h"

namespace alice::faults {

/// Is this the fault that ALICE_FAULT names?
inline bool planted(const char* name) {
  static const char* const wanted = std::getenv("ALICE_FAULT");
  return wanted != nullptr && std::string(wanted) == name;
}

/// Passes a sound plugin's factories, all of F's kind, on, each through a wrapper: wrap(std::unique_ptr<F>) gives one
/// again.
template <class F, class Wrap>
class Wrapping final : public Enrolment {
 public:
  Wrapping(Enrolment& to, Wrap wrap) : to_(to), wrap_(std::move(wrap)) {}

 private:
  void add_of_kind(const char* kind, std::unique_ptr<Factory> factory) override {
    if (std::string(kind) != F::kKind) throw Error(ErrorCode::internal, kind, "is not wrapped here");
    to_.add(wrap_(std::unique_ptr<F>(static_cast<F*>(factory.release()))));
  }

  Enrolment& to_;
  Wrap wrap_;
};

}  // namespace alice::faults
