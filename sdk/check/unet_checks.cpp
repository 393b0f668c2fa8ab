// UNets: predictions, and what a request holds.

#include "core/api/unet.h"
#include "sdk/check/model_samples.h"
#include "sdk/check/model_use.h"
#include "sdk/check/refusal.h"

namespace alice::check {
namespace {

using UNetBody = void (*)(const UNet& unet, const std::string& where, uint64_t seed);

std::function<std::string(const Case&)> on_samples(UNetBody body) {
  return [body](const Case& it) -> std::string {
    const UNetFactory& factory = it.factory<UNetFactory>();
    for (const ModelSample& sample : model_samples(factory, it))
      body(*load(factory, sample), sample.name + ": ", it.seed);
    return "";
  };
}

Tensor times(int64_t batch, double t) { return at::full({batch}, t, at::kFloat); }

void check_prediction(const UNet& unet, const std::string& where, uint64_t seed) {
  const UNetInfo& info = unet.info();
  for (const int64_t batch : {1, 2})
    for (const auto& [height, width] : {std::pair<int64_t, int64_t>{8, 8}, {5, 7}, {1, 3}}) {
      const std::vector<uint64_t> seeds(static_cast<size_t>(batch), seed);
      const auto run = unet.prepare(conditioning_of(unet, seeds));
      expect(run != nullptr, where + "prepare() gave null");
      const Tensor x = rows_of({info.in_channels, height, width}, seeds), kept = x.clone();
      const Tensor prediction = run->predict(x, times(batch, 500.25));
      const std::vector<int64_t> wanted = {batch, info.out_channels, height, width};
      const std::string what = where + "the prediction for x " + shape_text(x.sizes().vec()) + " ";
      expect(prediction.defined() && prediction.sizes().vec() == wanted,
             what + "has shape " + (prediction.defined() ? shape_text(prediction.sizes().vec()) : "none") + ", not " +
                 shape_text(wanted));
      expect(prediction.scalar_type() == at::kFloat && prediction.device().is_cpu(),
             what + "is of type " + at::toString(prediction.scalar_type()) + ", not Float on the host");
      expect(prediction.isfinite().all().item<bool>(), what + "holds numbers that are not finite");
      expect(at::equal(x, kept), where + "predict() changed the x that it was given");
    }
}

void check_heeds(const UNet& unet, const std::string& where, uint64_t seed) {
  const Conditioning conditioning = conditioning_of(unet, {seed});
  const Tensor x = rows_of({unet.info().in_channels, 8, 8}, {seed});
  const Tensor prediction = unet.prepare(conditioning)->predict(x, times(1, 500));
  expect(!at::equal(prediction, unet.prepare(conditioning)->predict(x, times(1, 100))), where + "t changes nothing");
  expect(!at::equal(prediction, unet.prepare(conditioning)->predict(x + 1, times(1, 500))),
         where + "x changes nothing");
  for (const auto& one : conditioning) {
    Conditioning other = conditioning;
    other[one.first] = one.second + 1;
    expect(!at::equal(prediction, unet.prepare(other)->predict(x, times(1, 500))),
           where + "the conditioning '" + one.first + "' changes nothing");
  }
}

void check_runs_apart(const UNet& unet, const std::string& where, uint64_t seed) {
  const auto x_of = [&](uint64_t s) { return rows_of({unet.info().in_channels, 8, 8}, {s}); };
  const auto alone = [&](uint64_t s) {
    return unet.prepare(conditioning_of(unet, {s}))->predict(x_of(s), times(1, 300));
  };
  const Tensor first = alone(seed), second = alone(seed + 1);
  const auto one = unet.prepare(conditioning_of(unet, {seed})), other = unet.prepare(conditioning_of(unet, {seed + 1}));
  other->predict(x_of(seed), times(1, 900));
  expect(at::equal(first, one->predict(x_of(seed), times(1, 300))), where + "a run beside another gives other numbers");
  expect(at::equal(second, other->predict(x_of(seed + 1), times(1, 300))),
         where + "a run's earlier call changes a later one");
}

void check_refuses(const UNet& unet, const std::string& where, uint64_t seed) {
  const Conditioning good = conditioning_of(unet, {seed});
  for (const auto& one : good) {
    Conditioning missing = good, wide = good;
    missing.erase(one.first);
    expect_refusal(ErrorCode::bad_request, where + "prepare() without '" + one.first + "'",
                   [&] { unet.prepare(missing); });
    std::vector<int64_t> shape = one.second.sizes().vec();
    ++(one.first == kBeside ? shape[1] : shape.back());
    wide[one.first] = at::ones(shape);
    expect_refusal(ErrorCode::bad_request, where + "prepare() with '" + one.first + "' of shape " + shape_text(shape),
                   [&] { unet.prepare(wide); });
  }
}

}  // namespace

std::vector<Check> unet_checks() {
  const std::vector<std::string> unets = {UNetFactory::kKind};
  return {
      {"unet/prediction",
       "predict() gives finite float32 of [B, out_channels, h, w], for odd sides too, and leaves x as it was.",
       "Bring results back with to_host(); upsample to the size of the level above, not by 2.", "model/recognised",
       unets, on_samples(check_prediction)},
      {"unet/heeds-inputs", "x, t and every conditioning that info() asks for change the prediction.",
       "Compare the forward pass with the architecture: which input is not used?", "unet/prediction", unets,
       on_samples(check_heeds)},
      {"unet/runs-apart", "Two runs of one UNet, and two calls of one run, do not touch each other's numbers.",
       "Keep what prepare() computes in the UNetRun that it returns, and change it in no predict().", "unet/prediction",
       unets, on_samples(check_runs_apart)},
      {"unet/refuses", "A conditioning that is missing or of another width is Error(bad_request).",
       "Compare the conditioning with info() at the beginning of prepare().", "unet/prediction", unets,
       on_samples(check_refuses)},
  };
}

}  // namespace alice::check
