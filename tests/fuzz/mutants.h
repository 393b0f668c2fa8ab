#pragma once
// Files with one thing wrong, and what reading them may do.

#include <functional>
#include <string>

#include "core/base/error.h"
#include "tests/support/catch.h"

namespace alice::test {

/// Calls `use` for each of the first `size` bytes changed to each of the 255 other values.
inline void each_changed_byte(const std::string& original, size_t size,
                              const std::function<void(const std::string&)>& use) {
  std::string mutant = original;
  for (size_t at = 0; at < size; ++at) {
    for (int value = 0; value < 256; ++value) {
      mutant[at] = static_cast<char>(value);
      if (mutant[at] == original[at]) continue;
      use(mutant);
    }
    mutant[at] = original[at];
  }
}

/// Calls `use` for every beginning of `original` that is shorter.
inline void each_cut(const std::string& original, const std::function<void(const std::string&)>& use) {
  for (size_t size = 0; size < original.size(); ++size) use(original.substr(0, size));
}

/// True when `read` works, false when it throws an Error with a sentence. Anything else fails the test.
inline bool reads_or_tells(const std::function<void()>& read) {
  try {
    read();
    return true;
  } catch (const Error& error) {
    if (error.sentence().empty()) FAIL("an error without a sentence");
    if (error.code() == ErrorCode::internal) FAIL("an internal error: " << error.what());
    return false;
  }
}

}  // namespace alice::test
