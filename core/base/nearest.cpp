#include "core/base/nearest.h"

#include <algorithm>
#include <cctype>

namespace alice {
namespace {

std::string lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(), [](unsigned char c) { return std::tolower(c); });
  return out;
}

/// Optimal string alignment distance (Damerau 1964, without repeated edits of one part).
size_t edit_distance(const std::string& a, const std::string& b) {
  std::vector<std::vector<size_t>> d(a.size() + 1, std::vector<size_t>(b.size() + 1));
  for (size_t i = 0; i <= a.size(); ++i) d[i][0] = i;
  for (size_t j = 0; j <= b.size(); ++j) d[0][j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t change = a[i - 1] == b[j - 1] ? 0 : 1;
      d[i][j] = std::min({d[i - 1][j] + 1, d[i][j - 1] + 1, d[i - 1][j - 1] + change});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
        d[i][j] = std::min(d[i][j], d[i - 2][j - 2] + 1);
    }
  }
  return d[a.size()][b.size()];
}

}  // namespace

std::string nearest(std::string_view name, const std::vector<std::string>& candidates) {
  constexpr size_t kLongestName = 200;  // a longer one is no typing error, and the table grows with the square
  if (name.size() > kLongestName) return "";
  const std::string wanted = lower(name);
  std::string best;
  size_t best_distance = 0;
  for (const std::string& candidate : candidates) {
    if (candidate.size() > kLongestName) continue;
    const size_t distance = edit_distance(wanted, lower(candidate));
    if (distance * 3 > std::max(wanted.size(), candidate.size())) continue;
    if (best.empty() || distance < best_distance) best = candidate, best_distance = distance;
  }
  return best;
}

std::string did_you_mean(std::string_view name, const std::vector<std::string>& candidates) {
  if (candidates.empty()) return "";
  if (const std::string near = nearest(name, candidates); !near.empty()) return " (did you mean '" + near + "'?)";
  constexpr size_t kMostListed = 40;
  std::string list = " (allowed: ";
  for (size_t i = 0; i < candidates.size() && i < kMostListed; ++i) list += (i ? ", " : "") + candidates[i];
  return list + (candidates.size() > kMostListed ? ", ...)" : ")");
}

}  // namespace alice
