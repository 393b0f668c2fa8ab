#pragma once
// For those who may wait: what a function that answers by a callback came to.

#include <future>
#include <utility>

#include "core/base/outcome.h"

namespace alice {

/// Calls `ask` with a callback and waits for it. Throws the Error that it is given.
template <class T, class Ask>
T waited(Ask ask) {
  std::promise<Outcome<T>> promise;
  ask(Then<T>([&](Outcome<T> outcome) { promise.set_value(std::move(outcome)); }));
  Outcome<T> outcome = promise.get_future().get();
  if (auto* error = std::get_if<Error>(&outcome)) throw Error(*error);
  return std::get<T>(std::move(outcome));
}

}  // namespace alice
