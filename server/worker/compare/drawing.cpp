#include "server/worker/compare/drawing.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <chrono>
#include <iostream>

#include "core/host/forecaster.h"
#include "core/host/warm_up.h"
#include "server/cli/progress.h"
#include "server/worker/compare/combination_faults.h"
#include "server/worker/interrupts.h"
#include "server/worker/watched_work.h"

namespace alice {
namespace {

constexpr bool kPathsAllowed = true;  // the caller's own files
constexpr double kLongRun = 30;       // seconds; of a shorter one nothing is said beforehand

using Clock = std::chrono::steady_clock;
double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

void check_interrupted() {
  if (is_interrupted()) throw Error(ErrorCode::cancelled, "compare", "interrupted");
}

/// The reference first: what all others are measured by, should somebody lose patience.
std::vector<size_t> order_of(const Comparison& comparison) {
  std::vector<size_t> order;
  if (comparison.reference) order.push_back(*comparison.reference);
  for (size_t k = 0; k < comparison.pictures.size(); ++k)
    if (k != comparison.reference) order.push_back(k);
  return order;
}

/// Times one picture's stages as they are told.
class StageClock {
 public:
  void note(const Progress& progress) {
    if (progress.stage == JobStage::decode) denoise_seconds_ = seconds_since(start_);
    if (progress.stage == JobStage::denoise && progress.done == 0) start_ = Clock::now();
  }
  void finish(DrawnPicture& picture) const {
    picture.seconds = seconds_since(start_);
    picture.step_seconds = denoise_seconds_ / static_cast<double>(picture.settings.steps);
  }

 private:
  Clock::time_point start_;
  double denoise_seconds_ = 0;
};

/// Adds what one more picture takes; a model is loaded once.
void add(const Estimate& one, bool is_loaded, Estimate& all) {
  all.seconds += one.seconds - (is_loaded ? one.load_seconds : 0);
  all.bytes = std::max(all.bytes, one.bytes);
}

}  // namespace

ComparisonDrawing::ComparisonDrawing(const Comparison& comparison, std::vector<std::unique_ptr<Composer>> composers)
    : comparison_(comparison),
      composers_(std::move(composers)),
      is_warm_(composers_.size(), false),
      drawn_(comparison.pictures.size()) {}

void ComparisonDrawing::judge() {
  CombinationFaults faults(comparison_);
  std::vector<std::unique_ptr<Forecaster>> forecasters;
  for (const auto& composer : composers_)
    forecasters.push_back(
        std::make_unique<Forecaster>(*composer, [](const std::string& fault) { spdlog::debug("{}", fault); }));
  Estimate all;
  std::vector<bool> is_loaded(composers_.size(), false);
  for (size_t k = 0; k < comparison_.pictures.size(); ++k) {
    const Combination& picture = comparison_.pictures[k];
    try {
      do_watched(picture.request, [&](WorkWatch& watch) {
        watch.begin_load(*composers_[picture.backend], kPathsAllowed);
        const auto on_stage = [&](JobStage stage) { watch.note({stage, 0, 0, 0, 0, 0}); };
        const auto forecast = forecasters[picture.backend]->forecast(picture.request, kPathsAllowed, on_stage);
        if (!forecast) return;
        check_bounds(*forecast, {}, "compare");
        add(forecast->estimate, is_loaded[picture.backend], all);
        is_loaded[picture.backend] = true;
      });
    } catch (const Error& e) {
      faults.add(k, e);
    }
  }
  faults.throw_if_any();
  if (all.seconds >= kLongRun)
    std::cerr << in_words(all) << " on this machine, for " << comparison_.pictures.size() << " pictures" << std::endl;
}

void ComparisonDrawing::draw(bool quiet, const std::function<void(const Settings&)>& on_settings) {
  note_interrupts();
  const std::vector<size_t> order = order_of(comparison_);
  ProgressDisplay display;
  size_t steps_done = 0, steps_of_all = 0;
  std::optional<Settings> first;
  const auto on_prepared = [&](const PreparedRequest& prepared) {
    if (first) return;
    first = prepared.settings;
    seed_ = static_cast<int64_t>(first->seed);
    for (const Combination& picture : comparison_.pictures)
      steps_of_all += static_cast<size_t>(picture.request.steps.value_or(first->steps));
    on_settings(*first);
  };
  for (const size_t picture : order) {
    const size_t backend = comparison_.pictures[picture].backend;
    if (backend > 0) composers_[backend - 1].reset();
    draw_one(picture, on_prepared, [&](size_t step) {
      if (!quiet) display.step(0, 1, 1, steps_done + step, steps_of_all);
    });
    steps_done += static_cast<size_t>(drawn_[picture]->settings.steps);
  }
}

void ComparisonDrawing::draw_one(size_t index, const std::function<void(const PreparedRequest&)>& on_prepared,
                                 const std::function<void(size_t)>& on_step) {
  const size_t backend = comparison_.pictures[index].backend;
  Composer& composer = *composers_[backend];
  GenerateRequest request = comparison_.pictures[index].request;
  if (!request.seed) request.seed = seed_;
  do_watched(request, [&](WorkWatch& watch) {
    check_interrupted();
    watch.begin_load(composer, kPathsAllowed);
    const PreparedRequest prepared = composer.prepare(request, kPathsAllowed);
    on_prepared(prepared);
    if (!is_warm_[backend])
      warm_up(*prepared.model, prepared.settings, [&](JobStage stage) {
        check_interrupted();
        watch.note({stage, 0, 1, 1, 0, 0});
      });
    is_warm_[backend] = true;

    DrawnPicture drawn;
    drawn.settings = prepared.settings;
    drawn.backend = prepared.ingredients.plan->backend.name;
    StageClock clock;
    GenerateHooks hooks;
    hooks.on_progress = [&](const Progress& progress) {
      check_interrupted();
      clock.note(progress);
      watch.note(progress);
      if (progress.stage == JobStage::denoise) on_step(progress.done);
    };
    hooks.on_image = [&](const GeneratedImage& image) { drawn.pixels = image.pixels; };
    hooks.wrap_denoise = [&](Denoise network) { return watch.wrap(std::move(network)); };
    std::vector<std::string> warnings = prepared.warnings;
    generate(*prepared.model, prepared.settings, hooks, warnings);
    clock.finish(drawn);
    warn(warnings);
    drawn_[index] = std::move(drawn);
  });
}

void ComparisonDrawing::warn(const std::vector<std::string>& warnings) {
  for (const std::string& warning : warnings)
    if (std::find(warnings_.begin(), warnings_.end(), warning) == warnings_.end()) warnings_.push_back(warning);
}

}  // namespace alice
