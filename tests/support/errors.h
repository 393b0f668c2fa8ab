#pragma once
// The error that something must throw.

#include "core/base/error.h"
#include "tests/support/catch.h"

namespace alice::test {

/// Fails the test when `action` throws no alice::Error; any other exception passes through and fails it too.
template <class Action>
Error error_of(Action&& action) {
  try {
    action();
  } catch (const Error& error) {
    return error;
  }
  FAIL("no error was thrown");
  return {ErrorCode::internal, "", ""};
}

/// Does `text` contain `part`?
inline bool says(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

}  // namespace alice::test
