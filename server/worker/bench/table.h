#pragma once
// The figures for people.

#include <string>

#include "core/base/json.h"

namespace alice::bench {

/// What report_of() gave, as text: a table for each subject, the ratios of a comparison, and what is to be said of
/// noise and of what was left out.
std::string table_of(const Json& report);

}  // namespace alice::bench
