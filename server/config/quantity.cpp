#include "server/config/quantity.h"

#include <strings.h>

#include <cmath>
#include <cstdlib>
#include <map>
#include <utility>
#include <vector>

namespace alice {
namespace {

struct Units {
  std::string example;
  std::vector<std::pair<const char*, double>> factors;
};

const std::map<std::string, Units>& all_units() {
  static const std::map<std::string, Units> units = {
      {"seconds",
       {"a number of seconds, or a time such as 30s or 5m",
        {{"ms", 1e-3}, {"s", 1}, {"m", 60}, {"h", 3600}, {"d", 86400}}}},
      {"bytes",
       {"a size such as 2GB or 512MiB",
        {{"B", 1},
         {"kB", 1e3},
         {"MB", 1e6},
         {"GB", 1e9},
         {"TB", 1e12},
         {"KiB", 0x1p10},
         {"MiB", 0x1p20},
         {"GiB", 0x1p30},
         {"TiB", 0x1p40}}}}};
  return units;
}

}  // namespace

bool has_units(const std::string& unit) { return all_units().count(unit) != 0; }

std::optional<double> read_quantity(const std::string& text, const std::string& unit) {
  const size_t digits = text.find_first_not_of("0123456789.");
  if (digits == 0 || digits == std::string::npos) return std::nullopt;
  const std::string number = text.substr(0, digits);
  char* end = nullptr;
  const double value = std::strtod(number.c_str(), &end);
  const size_t name = text.find_first_not_of(' ', digits);
  if (*end != '\0' || name == std::string::npos || !std::isfinite(value)) return std::nullopt;
  for (const auto& [word, factor] : all_units().at(unit).factors)
    if (strcasecmp(word, text.c_str() + name) == 0) return value * factor;
  return std::nullopt;
}

std::string quantity_example(const std::string& unit) { return all_units().at(unit).example; }

}  // namespace alice
