#pragma once
// The words that kernel calls are named by.

#include <string>

#include "core/api/backend.h"

namespace alice::check {

/// "silu", "no activation".
const char* name_of(Activation activation);
/// ", out 320".
std::string part(const char* name, int64_t value);
/// ", residual" or nothing.
std::string part_if(bool is_there, const char* name);

}  // namespace alice::check
