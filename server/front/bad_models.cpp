#include "server/front/bad_models.h"

namespace alice {
namespace {

constexpr int kMostFromOutside = 2;

/// What somebody, or the kernel in want of memory, has done to the worker: one such end tells nothing of the model.
bool is_from_outside(const WorkerEnd& end) { return end.reason == "SIGKILL" || end.reason == kHeartbeatEnd; }

std::string reason_of(const WorkerEnd& end) {
  const std::string what = end.reason == kLookTimeout ? "hangs" : "ends the worker (" + end.reason + ")";
  return what + " while its files are looked at; it is passed over until they change";
}

}  // namespace

bool BadModels::note(const WorkerEnd& end) {
  Entry& entry = models_[end.looked_at];
  if (entry.stamp != end.looked_at_stamp) entry = {};
  entry.stamp = end.looked_at_stamp;
  entry.reason = reason_of(end);
  entry.is_bad = !is_from_outside(end) || ++entry.deaths >= kMostFromOutside;
  return entry.is_bad;
}

Json BadModels::to_pass_over() const {
  Json list = Json::object();
  for (const auto& [model, entry] : models_)
    if (entry.is_bad) list[model] = {{"stamp", entry.stamp}, {"reason", entry.reason}};
  return list;
}

}  // namespace alice
