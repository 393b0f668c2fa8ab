#pragma once
// How functions answer that do not wait.

#include <functional>
#include <variant>

#include "core/base/error.h"

namespace alice {

template <class T>
using Outcome = std::variant<T, Error>;
/// Called once, with what came of it. The function that takes one says on which thread.
template <class T>
using Then = std::function<void(Outcome<T>)>;

}  // namespace alice
