#include "sdk/check/check.h"

#include <algorithm>
#include <iterator>

namespace alice::check {
namespace {

/// As they are, but each behind the one that it needs.
std::vector<Check> needs_first(std::vector<Check> checks) {
  std::vector<Check> ordered;
  const auto is_placed = [&](const std::string& name) {
    return name.empty() ||
           std::any_of(ordered.begin(), ordered.end(), [&](const Check& check) { return check.name == name; });
  };
  while (!checks.empty()) {
    const auto next =
        std::find_if(checks.begin(), checks.end(), [&](const Check& check) { return is_placed(check.needs); });
    if (next == checks.end())
      throw Error(ErrorCode::internal, checks.front().name, "needs '" + checks.front().needs + "', which is no check");
    ordered.push_back(std::move(*next));
    checks.erase(next);
  }
  return ordered;
}

}  // namespace

void fail(std::string seen) { throw Failed{std::move(seen)}; }

void expect(bool holds, const std::string& seen) {
  if (!holds) fail(seen);
}

bool Check::is_for(const std::string& kind) const { return std::find(kinds.begin(), kinds.end(), kind) != kinds.end(); }

const std::vector<Check>& catalogue() {
  static const std::vector<Check> all = [] {
    std::vector<Check> checks;
    for (auto part :
         {entry_checks, recognition_checks, option_checks, plan_checks, sampling_checks, accuracy_checks, kernel_checks,
          backend_checks, text_encoder_checks, unet_checks, vae_checks, model_checks, family_checks, lora_checks}) {
      std::vector<Check> some = part();
      std::move(some.begin(), some.end(), std::back_inserter(checks));
    }
    return needs_first(std::move(checks));
  }();
  return all;
}

const Check* find_check(const std::string& name) {
  for (const Check& check : catalogue())
    if (check.name == name) return &check;
  return nullptr;
}

}  // namespace alice::check
