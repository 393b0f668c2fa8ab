#include "server/worker/session/job_runner.h"

#include <spdlog/spdlog.h>

#include <chrono>
#include <filesystem>

#include "core/io/images.h"
#include "server/worker/picture_writer.h"
#include "server/worker/session/front_log.h"
#include "server/worker/session/job_failure.h"
#include "server/worker/session/run_identity.h"
#include "server/worker/session/stage_names.h"
#include "server/worker/session/step_record.h"
#include "server/worker/work_watch.h"

namespace alice {
namespace {

constexpr bool kPathsAllowed = false;  // requests come from the network

using Clock = std::chrono::steady_clock;

double seconds(Clock::time_point from, Clock::time_point to) {
  return std::chrono::duration<double>(to - from).count();
}

class JobRunner {
 public:
  JobRunner(const StartJob& order, const Workbench& bench, const std::atomic<bool>& cancelled)
      : order_(order), bench_(bench), cancelled_(cancelled), watch_(order.request, [this] { tell_plugins(); }) {}

  JobDone run() {
    const Clock::time_point begun = Clock::now();
    tell(kLoadStage, {Progress::Stage::encode, 0, 0, order_.request.n, 0, 0});
    watch_.begin_load(bench_.composer, kPathsAllowed);
    PreparedRequest prepared = bench_.composer.prepare(order_.request, kPathsAllowed);
    check_cancelled();
    const Clock::time_point loaded = Clock::now();
    bench_.composer.recipes().begin(prepared.ingredients);
    StepRecord record(order_.record_file, run_identity(bench_.programs, prepared));
    if (!order_.request.seed && record.seed()) prepared.settings.seed = *record.seed();  // the one that was drawn
    record.begin(prepared.settings.seed);
    make_pictures(prepared, record);
    log_made(prepared.settings, seconds(begun, loaded), seconds(loaded, Clock::now()));
    return {order_.run, std::move(prepared.warnings), write_recipe(recipe_of(prepared)), resumed_from_};
  }

  /// For sentences about what went wrong.
  std::string where() const { return watch_.where(); }

 private:
  void tell_plugins() {
    if (watch_.plugins() == told_plugins_) return;
    told_plugins_ = watch_.plugins();
    bench_.front.say(PluginsAtWork{order_.run, told_plugins_});
  }

  void check_cancelled() const {
    if (cancelled_) throw Error(ErrorCode::cancelled, "job", "was cancelled");
  }

  void log_made(const Settings& settings, double load_seconds, double make_seconds) const {
    spdlog::info("made {} of {}x{} in {} steps of {}, {} of them from the record: {:.3f} s, and {:.3f} s to load",
                 settings.n, settings.width, settings.height, settings.steps, settings.scheduler.display.name,
                 resumed_from_, make_seconds, load_seconds);
  }

  void make_pictures(PreparedRequest& prepared, StepRecord& record) {
    GenerateHooks hooks;
    hooks.wrap_denoise = [&](Denoise network) {
      return watch_.wrap(watched(record.wrap(std::move(network))));
    };
    hooks.on_progress = [&](const Progress& progress) {
      check_cancelled();
      const bool step_is_done = progress.stage == Progress::Stage::denoise && progress.done > 0;
      if (step_is_done && record.is_answering()) ++resumed_from_;
      tell(name_of(progress.stage), progress);
      watch_.note(progress);
      if (step_is_done && !record.is_answering() && preview_is_due(progress))
        tell_preview(*prepared.pipeline, progress);
    };
    hooks.on_image = [&](const GeneratedImage& image) {
      bench_.front.say(JobPicture{order_.run, keep(image, recipe_of(prepared))});
    };
    generate(*prepared.pipeline, prepared.settings, hooks, prepared.warnings);
  }

  /// Ends between two calls of the network, and keeps its last estimate for previews.
  Denoise watched(Denoise network) {
    return [this, network = std::move(network)](const Tensor& x, const Level& level) {
      check_cancelled();
      return estimate_ = network(x, level);
    };
  }

  /// Hashes of files may still be computed: a cancel is heard meanwhile.
  Recipe recipe_of(const PreparedRequest& prepared) const {
    return bench_.composer.recipes().recipe(prepared.ingredients, *prepared.pipeline, prepared.settings,
                                            [this] { check_cancelled(); });
  }

  PictureFile keep(const GeneratedImage& image, const Recipe& recipe) const {
    const std::string name = order_.run.job + "-" + std::to_string(image.index) + ".png";
    try {
      return write_picture(std::filesystem::path(order_.pictures_folder) / name, image, recipe);
    } catch (const Error& e) {
      throw Error(ErrorCode::internal, e.place(),
                  e.sentence());  // a folder that is not there is not the client's fault
    }
  }

  void tell(const char* stage, const Progress& progress) {
    bench_.front.say(JobProgress{order_.run, stage, progress.first_image, progress.images, progress.all_images,
                                 static_cast<int64_t>(progress.done), static_cast<int64_t>(progress.total),
                                 resumed_from_});
  }

  /// Not after the last step: the picture itself comes next.
  bool preview_is_due(const Progress& progress) const {
    return order_.preview_every > 0 && progress.done < progress.total &&
           static_cast<int64_t>(progress.done) % order_.preview_every == 0;
  }

  void tell_preview(const Pipeline& pipeline, const Progress& progress) {
    const Tensor pixels = decode(pipeline, estimate_.narrow(0, 0, 1));
    const std::string png = encode_png({pixels[0], {}});
    if (png.size() > kLargestPreview) return;
    bench_.front.say(JobPreview{order_.run, progress.first_image, static_cast<int64_t>(progress.done), png});
  }

  static constexpr size_t kLargestPreview = kLargestPayload / 2;  // base64 makes 4 bytes of 3

  const StartJob& order_;
  const Workbench& bench_;
  const std::atomic<bool>& cancelled_;
  WorkWatch watch_;
  std::vector<std::string> told_plugins_;
  Tensor estimate_;  // of x0, [B, C, h, w]
  int64_t resumed_from_ = 0;
};

}  // namespace

void run_job(const StartJob& order, const Workbench& bench, const std::atomic<bool>& cancelled) {
  const LogAboutJob about(order.run.job);
  JobRunner runner(order, bench, cancelled);
  try {
    bench.front.say(runner.run());
  } catch (...) {
    const JobFailed failure = failure_of(order.run, std::current_exception(), runner.where());
    // Without the sentence, which may quote the prompt.
    spdlog::info("ended: {} at {}", to_string(failure.code), failure.place);
    bench.front.say(failure);
  }
  std::error_code status;  // the front removes it, too
  std::filesystem::remove(order.record_file, status);
}

}  // namespace alice
