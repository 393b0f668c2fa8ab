#pragma once
// How calls into a plugin may end.

#include <exception>
#include <optional>
#include <string>

#include "core/base/error.h"
#include "sdk/check/check.h"

namespace alice::check {

/// The Error that `action` throws, or none. Anything else that it throws passes through: the runner reports it.
template <class Action>
std::optional<Error> refusal(const Action& action) {
  try {
    action();
    return std::nullopt;
  } catch (const Error& error) {
    return error;
  }
}

/// Fails unless `action` throws an Error of this code. `what` names the action: "plan(0 steps)".
template <class Action>
Error expect_refusal(ErrorCode code, const std::string& what, const Action& action) {
  const std::optional<Error> error = refusal(action);
  if (!error) fail(what + " was taken");
  expect(error->code() == code,
         what + " threw Error(" + to_string(error->code()) + "), not Error(" + to_string(code) + "): " + error->what());
  return *error;
}

/// Fails unless `action` throws an exception of any kind: libtorch's own says which shapes do not fit.
template <class Action>
void expect_thrown(const std::string& what, const Action& action) {
  try {
    action();
  } catch (const std::exception&) {
    return;
  }
  fail(what + " was computed");
}

}  // namespace alice::check
