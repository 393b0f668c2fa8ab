#pragma once
// Which models a fresh worker preloads: those that it is to, but for those that workers died of.

#include <deque>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace alice {

class PreloadPlan {
 public:
  explicit PreloadPlan(std::vector<std::string> models) : models_(std::move(models)) {}

  /// In their order, those that are allowed.
  std::deque<std::string> models() const;
  bool allows(const std::string& model) const;
  /// A worker died while it preloaded `model`. True when that was once too often: it is not allowed any more.
  bool note_death(const std::string& model);
  /// It was preloaded, or refused, and the worker lives.
  void note_life(const std::string& model) { deaths_.erase(model); }
  /// Plugins have changed: what workers died of may work now.
  void forget_deaths() { deaths_.clear(); }

 private:
  const std::vector<std::string> models_;
  std::map<std::string, int> deaths_;  // by model, in a row
};

}  // namespace alice
