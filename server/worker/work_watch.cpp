#include "server/worker/work_watch.h"

#include <algorithm>
#include <utility>

namespace alice {
namespace {

/// Each once.
std::vector<std::string> with_both(std::vector<std::string> plugins, const std::vector<std::string>& others) {
  for (const std::string& other : others)
    if (std::find(plugins.begin(), plugins.end(), other) == plugins.end()) plugins.push_back(other);
  return plugins;
}

}  // namespace

WorkWatch::WorkWatch(const GenerateRequest& request, std::function<void()> on_change)
    : request_(request), on_change_(std::move(on_change)) {
  where_.model = request.model;
  where_.scheduler = request.scheduler;
}

void WorkWatch::begin_load(const Composer& composer, bool paths_allowed) {
  where_.progress = JobProgress{};
  where_.progress->stage = JobStage::load;
  plugins_ = plugins_of(request_, composer, paths_allowed);
  at_work(plugins_.all());
}

void WorkWatch::note(const Progress& progress) {
  where_.progress->stage = progress.stage;
  where_.progress->done = static_cast<int64_t>(progress.done);
  where_.progress->total = static_cast<int64_t>(progress.total);
  const bool begins = progress.stage != JobStage::denoise || progress.done == 0;
  if (!begins) return on_change_();
  // Of denoising first the network's preparation; the sampler comes with wrap().
  if (progress.stage == JobStage::encode)
    at_work(request_.image ? with_both(plugins_.encode, plugins_.decode) : plugins_.encode);
  if (progress.stage == JobStage::denoise) at_work(plugins_.denoise);
  if (progress.stage == JobStage::decode) at_work(plugins_.decode);
}

Denoise WorkWatch::wrap(Denoise network) {
  at_work(plugins_.scheduler);
  return [this, network = std::move(network)](const Tensor& x, const Level& level) {
    at_work(plugins_.denoise);
    Tensor estimate = network(x, level);
    at_work(plugins_.scheduler);
    return estimate;
  };
}

void WorkWatch::at_work(std::vector<std::string> plugins) {
  where_.plugins = std::move(plugins);
  on_change_();
}

}  // namespace alice
