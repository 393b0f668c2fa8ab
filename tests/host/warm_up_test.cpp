#include "core/host/warm_up.h"

#include "tests/host/models.h"
#include "tests/support/errors.h"

using namespace alice;
using namespace alice::test;
using Stage = JobStage;

namespace {

/// A network that writes down the shapes that it is asked with, and lets the real one answer.
class WatchedUNet final : public UNet {
 public:
  explicit WatchedUNet(std::shared_ptr<const UNet> unet) : unet_(std::move(unet)) {}
  const UNetInfo& info() const override { return unet_->info(); }
  const ModelWeights& weights() const override { return unet_->weights(); }
  std::unique_ptr<UNetRun> prepare(const Conditioning& conditioning) const override {
    return std::make_unique<WatchedRun>(unet_->prepare(conditioning), shapes);
  }
  std::shared_ptr<const UNet> patched(const Deltas& deltas) const override { return unet_->patched(deltas); }

  mutable std::vector<std::vector<int64_t>> shapes;

 private:
  class WatchedRun final : public UNetRun {
   public:
    WatchedRun(std::unique_ptr<UNetRun> run, std::vector<std::vector<int64_t>>& shapes)
        : run_(std::move(run)), shapes_(shapes) {}
    Tensor predict(const Tensor& x, const Tensor& t) override {
      shapes_.push_back(x.sizes().vec());
      return run_->predict(x, t);
    }

   private:
    const std::unique_ptr<UNetRun> run_;
    std::vector<std::vector<int64_t>>& shapes_;
  };

  const std::shared_ptr<const UNet> unet_;
};

GenerateRequest usual_request() {
  GenerateRequest request;
  request.model = kFolderModel;
  request.width = 128;
  request.height = 64;
  return request;
}

/// The shapes that the network is warmed up with.
std::vector<std::vector<int64_t>> shapes_tried(const GenerateRequest& request) {
  Composer composer(golden_models(), built_in_registry());
  const PreparedRequest prepared = composer.prepare(request, false);
  Model model = *prepared.model;
  const auto watched = std::make_shared<WatchedUNet>(model.unet);
  model.unet = watched;
  warm_up(model, prepared.settings, [](Stage) {});
  return watched->shapes;
}

using Shapes = std::vector<std::vector<int64_t>>;

}  // namespace

TEST_CASE("a model is tried once in the size and the batch that its pictures have") {
  GenerateRequest request = usual_request();
  CHECK(shapes_tried(request) == Shapes{{2, 4, 8, 16}});
  request.guidance_scale = 1;
  CHECK(shapes_tried(request) == Shapes{{1, 4, 8, 16}});
}

TEST_CASE("where guidance counts on some steps alone, both batches are tried") {
  GenerateRequest request = usual_request();
  request.guidance_end = 0.5;
  CHECK(shapes_tried(request) == Shapes{{2, 4, 8, 16}, {1, 4, 8, 16}});
  request.guidance_end = 1;
  request.guidance_start = 0.5;
  CHECK(shapes_tried(request) == Shapes{{1, 4, 8, 16}, {2, 4, 8, 16}});
}

TEST_CASE("every stage is told before it begins, and what is thrown then ends the warming up") {
  Composer composer(golden_models(), built_in_registry());
  const PreparedRequest prepared = composer.prepare(usual_request(), false);
  std::vector<Stage> told;
  warm_up(*prepared.model, prepared.settings, [&](Stage stage) { told.push_back(stage); });
  CHECK((told == std::vector<Stage>{Stage::encode, Stage::denoise, Stage::decode}));  // a stage has no <<

  Model model = *prepared.model;
  const auto watched = std::make_shared<WatchedUNet>(model.unet);
  model.unet = watched;
  const auto stop = [](Stage stage) {
    if (stage == Stage::denoise) throw Error(ErrorCode::cancelled, "here", "stop");
  };
  CHECK(error_of([&] { warm_up(model, prepared.settings, stop); }).code() == ErrorCode::cancelled);
  CHECK(watched->shapes.empty());
}
