#include "core/base/number_pair.h"

#include <algorithm>
#include <cctype>

namespace alice {
namespace {

constexpr size_t kMostDigits = 9;

std::optional<int64_t> read_number(const std::string& digits) {
  const bool is_one = !digits.empty() && digits.size() <= kMostDigits &&
                      std::all_of(digits.begin(), digits.end(), [](unsigned char c) { return std::isdigit(c) != 0; });
  return is_one ? std::optional<int64_t>(std::stoll(digits)) : std::nullopt;
}

}  // namespace

std::optional<std::pair<int64_t, int64_t>> read_pair(const std::string& text, char between) {
  const size_t place = text.find(between);
  if (place == std::string::npos) return std::nullopt;
  const auto first = read_number(text.substr(0, place)), second = read_number(text.substr(place + 1));
  if (!first || !second) return std::nullopt;
  return std::pair(*first, *second);
}

}  // namespace alice
