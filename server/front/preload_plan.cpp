#include "server/front/preload_plan.h"

namespace alice {
namespace {

/// One death may have been chance: somebody's kill, memory that others had taken.
constexpr int kMostDeaths = 2;

}  // namespace

std::deque<std::string> PreloadPlan::models() const {
  std::deque<std::string> models;
  for (const std::string& model : models_)
    if (allows(model)) models.push_back(model);
  return models;
}

bool PreloadPlan::allows(const std::string& model) const {
  const auto deaths = deaths_.find(model);
  return deaths == deaths_.end() || deaths->second < kMostDeaths;
}

bool PreloadPlan::note_death(const std::string& model) { return ++deaths_[model] >= kMostDeaths; }

}  // namespace alice
