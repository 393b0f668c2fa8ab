#include "server/worker/session/preloading.h"

#include <spdlog/spdlog.h>

#include <chrono>

#include "core/host/model_facts.h"
#include "core/host/warm_up.h"
#include "server/worker/session/job_failure.h"
#include "server/worker/session/job_plugins.h"

namespace alice {
namespace {

constexpr bool kPathsAllowed = false;  // ids of the configuration

using Outcome = PreloadEnded::Outcome;
using Clock = std::chrono::steady_clock;

/// What breaks a preload off when it is to stop.
struct Stopped {};

/// A request that says nothing. Its seed is of no account, and need not be drawn.
GenerateRequest usual_request(const std::string& model) {
  GenerateRequest request;
  request.model = model;
  request.seed = 0;
  return request;
}

/// `plugins` receives whose code runs.
void load_and_try(const std::string& model, const Workbench& bench, const std::atomic<bool>& stop,
                  std::vector<std::string>& plugins) {
  const auto begin = [&](JobStage stage) {
    if (stop) throw Stopped();
    bench.front.say(Preloading{model, stage});
  };
  begin(JobStage::load);
  GenerateRequest request = usual_request(model);
  plugins = plugins_of(request, bench.composer, kPathsAllowed).all();
  const InputPictures inputs = grey_pictures();
  if (needs_picture(*bench.composer.blueprint(model, kPathsAllowed))) name_grey_pictures(request);
  const PreparedRequest prepared = bench.composer.prepare(request, kPathsAllowed, inputs);
  const Clock::time_point loaded = Clock::now();
  bench.forecaster.note_idle();
  warm_up(*prepared.model, prepared.settings, begin);
  spdlog::info("preloaded {}: tried once at {}x{} in {:.1f} s", model, prepared.settings.width,
               prepared.settings.height, std::chrono::duration<double>(Clock::now() - loaded).count());
}

Outcome preload(const std::string& model, const Workbench& bench, const std::atomic<bool>& stop) {
  std::vector<std::string> plugins;
  try {
    load_and_try(model, bench, stop, plugins);
    return Outcome::done;
  } catch (const Stopped&) {
    return Outcome::stopped;
  } catch (...) {
    const JobFailed failure = failure_of({}, std::current_exception(), in_code_of(plugins));
    spdlog::warn("{} cannot be preloaded: {}", model, Error(failure.code, failure.place, failure.sentence).what());
    return Outcome::failed;
  }
}

}  // namespace

void run_preload(const Preload& order, const Workbench& bench, const std::atomic<bool>& stop) {
  bench.front.say(PreloadEnded{order.model, preload(order.model, bench, stop)});
}

}  // namespace alice
