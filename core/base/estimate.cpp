#include "core/base/estimate.h"

#include <array>
#include <cmath>
#include <cstdio>

namespace alice {
namespace {

struct Unit {
  double size;
  const char* name;
};

/// In the largest unit of which there is at least one (of the first, less), with two digits that count.
template <size_t N>
std::string in_units(double amount, const std::array<Unit, N>& units) {
  Unit unit = units.front();
  for (const Unit& larger : units)
    if (amount >= larger.size) unit = larger;
  const double count = amount / unit.size;
  std::array<char, 64> text;
  std::snprintf(text.data(), text.size(), count < 10 && count != std::round(count) ? "%.1f %s" : "%.0f %s", count,
                unit.name);
  return text.data();
}

}  // namespace

std::string time_in_words(double seconds) {
  static constexpr std::array<Unit, 3> kTimes = {{{1, "s"}, {60, "min"}, {3600, "h"}}};
  return in_units(seconds, kTimes);
}

std::string size_in_words(int64_t bytes) {
  static constexpr std::array<Unit, 2> kSizes = {{{1e6, "MB"}, {1e9, "GB"}}};
  return in_units(static_cast<double>(bytes), kSizes);
}

std::string in_words(const Estimate& estimate) {
  return "about " + time_in_words(estimate.seconds) + " and " + size_in_words(estimate.bytes);
}

const OptionTable<Estimate>& estimate_options() {
  constexpr Range kAny = {0, 1e18};
  static const auto table =
      OptionTable<Estimate>()
          .number("seconds", &Estimate::seconds, kAny, "of the whole job", "seconds")
          .number("load_seconds", &Estimate::load_seconds, kAny, "until the model is there", "seconds")
          .number("encode_seconds", &Estimate::encode_seconds, kAny, "of a group's prompts", "seconds")
          .number("step_seconds", &Estimate::step_seconds, kAny, "of a group's longest step", "seconds")
          .number("decode_seconds", &Estimate::decode_seconds, kAny, "of a group's pixels", "seconds")
          .integer("bytes", &Estimate::bytes, kAny, "the most memory that the process has meanwhile", "bytes");
  return table;
}

}  // namespace alice
