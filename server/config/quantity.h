#pragma once
// Times and sizes as people write them: 30s, 2GB.

#include <optional>
#include <string>

namespace alice {

/// Whether quantities of `unit`, as an option's table names it, may be written with a unit: "seconds" and "bytes" may.
bool has_units(const std::string& unit);

/// `text` in `unit`: a number, blanks or none, and one of ms, s, m, h, d (seconds); B, kB, MB, GB, TB (powers of 1000),
/// KiB, MiB, GiB, TiB (of 1024), in any case of letters (bytes). Nothing when it is no such text.
std::optional<double> read_quantity(const std::string& text, const std::string& unit);

/// For messages: "a time such as 30s or 5m".
std::string quantity_example(const std::string& unit);

}  // namespace alice
