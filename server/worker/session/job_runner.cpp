#include "server/worker/session/job_runner.h"

#include <spdlog/spdlog.h>

#include <filesystem>

#include "core/host/settings.h"
#include "core/io/images.h"
#include "server/worker/picture_writer.h"
#include "server/worker/session/front_log.h"
#include "server/worker/session/job_failure.h"

namespace alice {
namespace {

constexpr bool kPathsAllowed = false;  // requests come from the network
constexpr const char* kLoad = "load";

const char* name_of(Progress::Stage stage) {
  switch (stage) {
    case Progress::Stage::encode: return "encode";
    case Progress::Stage::denoise: return "denoise";
    case Progress::Stage::decode: return "decode";
  }
  return kLoad;
}

Json settings_used(const Settings& settings) {
  GenerateRequest request = as_request(settings, settings.seed);
  request.n = settings.n;
  return write_generate_request(request);
}

class JobRunner {
 public:
  JobRunner(const StartJob& order, Composer& composer, FrontLink& front, const std::atomic<bool>& cancelled)
      : order_(order), composer_(composer), front_(front), cancelled_(cancelled) {}

  JobDone run() {
    tell(kLoad, {Progress::Stage::encode, 0, 0, order_.request.n, 0, 0});
    PreparedRequest prepared = composer_.prepare(order_.request, kPathsAllowed);
    check_cancelled();
    make_pictures(prepared);
    return {order_.run, std::move(prepared.warnings), settings_used(prepared.settings), 0};
  }

 private:
  void check_cancelled() const {
    if (cancelled_) throw Error(ErrorCode::cancelled, "job", "was cancelled");
  }

  void make_pictures(PreparedRequest& prepared) {
    GenerateHooks hooks;
    hooks.wrap_denoise = [&](Denoise network) { return watched(std::move(network)); };
    hooks.on_progress = [&](const Progress& progress) {
      check_cancelled();
      tell(name_of(progress.stage), progress);
      if (preview_is_due(progress)) tell_preview(*prepared.pipeline, progress);
    };
    hooks.on_image = [&](const GeneratedImage& image) {
      const std::string name = order_.run.job + "-" + std::to_string(image.index) + ".png";
      const auto file = std::filesystem::path(order_.pictures_folder) / name;
      front_.say(JobPicture{order_.run, write_picture(file, image, prepared.settings)});
    };
    generate(*prepared.pipeline, prepared.settings, hooks, prepared.warnings);
  }

  /// Ends between two calls of the network, and keeps its last estimate for previews.
  Denoise watched(Denoise network) {
    return [this, network = std::move(network)](const Tensor& x, const Level& level) {
      check_cancelled();
      estimate_ = network(x, level);
      return estimate_;
    };
  }

  void tell(const char* stage, const Progress& progress) {
    front_.say(JobProgress{order_.run, stage, progress.first_image, progress.images, progress.all_images,
                           static_cast<int64_t>(progress.done), static_cast<int64_t>(progress.total), 0});
  }

  /// Not after the last step: the picture itself comes next.
  bool preview_is_due(const Progress& progress) const {
    return order_.preview_every > 0 && progress.stage == Progress::Stage::denoise && progress.done > 0 &&
           progress.done < progress.total && static_cast<int64_t>(progress.done) % order_.preview_every == 0;
  }

  void tell_preview(const Pipeline& pipeline, const Progress& progress) {
    const Tensor pixels = decode(pipeline, estimate_.narrow(0, 0, 1));
    const std::string png = encode_png({pixels[0], {}});
    if (png.size() > kLargestPreview) return;
    front_.say(JobPreview{order_.run, progress.first_image, static_cast<int64_t>(progress.done), png});
  }

  static constexpr size_t kLargestPreview = kLargestPayload / 2;  // base64 makes 4 bytes of 3

  const StartJob& order_;
  Composer& composer_;
  FrontLink& front_;
  const std::atomic<bool>& cancelled_;
  Tensor estimate_;  // of x0, [B, C, h, w]
};

}  // namespace

void run_job(const StartJob& order, Composer& composer, FrontLink& front, const std::atomic<bool>& cancelled) {
  const LogAboutJob about(order.run.job);
  try {
    front.say(JobRunner(order, composer, front, cancelled).run());
  } catch (...) {
    front.say(failure_of(order.run, std::current_exception()));
  }
}

}  // namespace alice
