#include "server/worker/session/job_runner.h"

#include <spdlog/spdlog.h>

#include <chrono>
#include <filesystem>
#include <utility>

#include "core/base/storage.h"
#include "core/host/measured_run.h"
#include "core/io/images.h"
#include "server/worker/input_files.h"
#include "server/worker/picture_writer.h"
#include "server/worker/session/front_log.h"
#include "server/worker/session/job_failure.h"
#include "server/worker/session/made_batch.h"
#include "server/worker/session/run_identity.h"
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
    std::vector<std::string> warnings;
    const InputPictures inputs = read_kept_pictures(order_.inputs_folder, order_.request, warnings);
    tell({JobStage::load, 0, 0, order_.request.n, 0, 0});
    watch_.begin_load(bench_.composer, kPathsAllowed);
    const std::optional<Forecast> forecast = bench_.forecaster.forecast(
        order_.request, kPathsAllowed, [this](JobStage stage) { watch_.note({stage, 0, 0, 0, 0, 0}); }, inputs);
    if (forecast) tell_estimate(*forecast);
    watch_.begin_load(bench_.composer, kPathsAllowed);
    measured_.emplace(bench_.forecaster, forecast);
    PreparedRequest prepared = bench_.composer.prepare(order_.request, kPathsAllowed, inputs);
    prepared.warnings.insert(prepared.warnings.begin(), warnings.begin(), warnings.end());
    check_cancelled();
    const Clock::time_point loaded = Clock::now();
    measured_->loaded();
    bench_.composer.recipes().begin(prepared.ingredients);
    StepRecord record(order_.record_file, run_identity(bench_.programs, prepared), {order_.max_record, order_.reserve});
    if (!order_.request.seed && record.seed()) prepared.settings.seed = *record.seed();  // the one that was drawn
    record.begin(prepared.settings.seed);
    make_pictures(prepared, record);
    measured_->ended();
    log_made(prepared.settings, seconds(begun, loaded), seconds(loaded, Clock::now()));
    return {order_.run, std::move(prepared.warnings), write_recipe(recipe_of(prepared)), resumed_from_};
  }

  /// Did it end because a picture could not be written?
  bool is_held() const { return is_held_; }
  /// For sentences about what went wrong.
  std::string where() const { return watch_.where(); }

 private:
  void tell_plugins() {
    if (watch_.plugins() == told_plugins_) return;
    told_plugins_ = watch_.plugins();
    bench_.front.say(PluginsAtWork{order_.run, told_plugins_});
  }

  void tell_estimate(const Forecast& forecast) const {
    spdlog::info("will take {}", in_words(forecast.estimate));
    bench_.front.say(JobEstimate{order_.run, forecast.estimate});
    check_bounds(forecast, {order_.most_bytes, order_.most_seconds}, kWorkerPlace);
  }

  void check_cancelled() const {
    if (cancelled_) throw Error(ErrorCode::cancelled, "job", "was cancelled");
  }

  void log_made(const Settings& settings, double load_seconds, double make_seconds) const {
    spdlog::info("made {} of {}x{} in {} steps of {}, {} of them from the record: {:.3f} s, and {:.3f} s to load",
                 settings.n, settings.width, settings.height, settings.steps_done(), settings.scheduler.display.name,
                 resumed_from_, make_seconds, load_seconds);
  }

  void make_pictures(PreparedRequest& prepared, StepRecord& record) {
    GenerateHooks hooks;
    hooks.wrap_denoise = [&](Denoise network) {
      return watch_.wrap(watched(record.wrap(std::move(network))));
    };
    hooks.on_progress = [&](const Progress& progress) {
      check_cancelled();
      const bool step_is_done = progress.stage == JobStage::denoise && progress.done > 0;
      batch_.steps += step_is_done;
      measured_->progress(progress);
      if (step_is_done && record.is_answering()) ++resumed_from_, measured_->pass_over();
      tell(progress);
      watch_.note(progress);
      if (step_is_done && !record.is_answering() && preview_is_due(progress))
        tell_preview(*prepared.model, progress);
    };
    hooks.are_made = [&](int64_t first, int64_t images) {
      return record.pass_made([&](const std::string& note) { return take_made(note, first, images); });
    };
    hooks.on_image = [&](const GeneratedImage& image) {
      std::vector<PictureFile>& made = batch_.pictures;
      made.push_back(keep(image, recipe_of(prepared)));
      bench_.front.say(JobPicture{order_.run, made.back()});
      const bool is_last = image.index + 1 == prepared.settings.n || made.size() == kLargestBatch;
      if (is_last) record.batch_is_made(write_made_batch(std::exchange(batch_, {})));
    };
    generate(*prepared.model, prepared.settings, hooks, prepared.warnings);
  }

  /// Pictures that an earlier run of this job has written are told again. False when they are not all there.
  bool take_made(const std::string& text, int64_t first, int64_t images) {
    const MadeBatch made = read_made_batch(text);
    if (!are_there(made, first, images, order_.pictures_folder)) return false;
    for (const PictureFile& picture : made.pictures) bench_.front.say(JobPicture{order_.run, picture});
    resumed_from_ += made.steps;
    return true;
  }

  /// Ends between two calls of the network, and keeps its last estimate for previews.
  Denoise watched(Denoise network) {
    return [this, network = std::move(network)](const Tensor& x, const Level& level) {
      check_cancelled();
      measured_->asked();
      return estimate_ = network(x, level);
    };
  }

  /// Hashes of files may still be computed: a cancel is heard meanwhile.
  Recipe recipe_of(const PreparedRequest& prepared) const {
    return bench_.composer.recipes().recipe(prepared.ingredients, *prepared.model, prepared.settings,
                                            [this] { check_cancelled(); });
  }

  /// What is thrown here is no fault of the job: storage_full or storage_failed.
  PictureFile keep(const GeneratedImage& image, const Recipe& recipe) {
    const std::string name = order_.run.job + "-" + std::to_string(image.index) +
                             extension_of(order_.request.output_format.value_or(PictureFormat::png));
    const std::filesystem::path folder = order_.pictures_folder;
    is_held_ = true;
    check_room(folder, image.pixels.numel(), order_.reserve);
    try {
      const PictureFile written = write_picture(folder / name, image, recipe);
      is_held_ = false;
      return written;
    } catch (const Error& e) {
      if (e.code() == ErrorCode::not_found)
        throw Error(ErrorCode::storage_failed, folder.string(), "the folder of pictures is not there any more");
      throw Error(e.code() == ErrorCode::storage_full ? e.code() : ErrorCode::storage_failed, e.place(),
                  "a picture " + e.sentence());
    }
  }

  void tell(const Progress& progress) {
    bench_.front.say(JobProgress{order_.run, progress.stage, progress.first_image, progress.images,
                                 progress.all_images, static_cast<int64_t>(progress.done),
                                 static_cast<int64_t>(progress.total), resumed_from_});
  }

  /// Not after the last step: the picture itself comes next.
  bool preview_is_due(const Progress& progress) const {
    return order_.preview_every > 0 && progress.done < progress.total &&
           static_cast<int64_t>(progress.done) % order_.preview_every == 0;
  }

  void tell_preview(const Model& model, const Progress& progress) {
    const Tensor pixels = decode(model, estimate_.narrow(0, 0, 1));
    const std::string png = encode_png({pixels[0], {}});
    if (png.size() > kLargestPreview) return;
    bench_.front.say(JobPreview{order_.run, progress.first_image, static_cast<int64_t>(progress.done), png});
  }

  static constexpr size_t kLargestPreview = kLargestPayload / 2;  // base64 makes 4 bytes of 3

  const StartJob& order_;
  const Workbench& bench_;
  const std::atomic<bool>& cancelled_;
  WorkWatch watch_;
  std::optional<MeasuredRun> measured_;
  std::vector<std::string> told_plugins_;
  bool is_held_ = false;  // a picture could not be written
  MadeBatch batch_;  // what is written of the one that is being made
  Tensor estimate_;  // of x0, [B, C, h, w]
  int64_t resumed_from_ = 0;
};

}  // namespace

void run_job(const StartJob& order, const Workbench& bench, const std::atomic<bool>& cancelled) {
  const LogAboutJob about(order.run.job);
  JobRunner runner(order, bench, cancelled);
  bool is_held = false;  // by the front, until its disk has room: the job goes on from the record then
  try {
    bench.front.say(runner.run());
  } catch (...) {
    JobFailed failure = failure_of(order.run, std::current_exception(), runner.where());
    // Without the sentence, which may quote the prompt.
    spdlog::info("ended: {} at {}", to_string(failure.code), failure.place);
    const bool is_of_storage = failure.code == ErrorCode::storage_full || failure.code == ErrorCode::storage_failed;
    is_held = is_of_storage && runner.is_held();
    if (is_of_storage && !is_held) failure.code = ErrorCode::internal;  // somebody else's word: no disk of ours failed
    bench.front.say(failure);
  }
  if (is_held) return;
  std::error_code status;  // the front removes it, too
  std::filesystem::remove(order.record_file, status);
}

}  // namespace alice
