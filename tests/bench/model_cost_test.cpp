// What a model is said to cost, before its weights are read, against what `alice bench` counts when it computes.

#include "core/host/model_cost.h"

#include "core/host/forecaster.h"
#include "core/host/memory_watch.h"
#include "core/host/network_calls.h"
#include "core/io/safetensors_file.h"
#include "server/worker/bench/measured_backend.h"
#include "tests/host/models.h"
#include "tests/support/errors.h"
#include "tests/support/fused_backend.h"

using namespace alice;
using namespace alice::test;

namespace {

double operations_of(const bench::MeasuredBackend& backend) {
  double sum = 0;
  for (const auto& [kind, account] : backend.accounts()) sum += account.operations;
  return sum;
}

double calls_of(const bench::MeasuredBackend& backend) {
  double sum = 0;
  for (const auto& [kind, account] : backend.accounts()) sum += static_cast<double>(account.calls);
  return sum;
}

/// A model that computes, and counts.
struct Counted {
  std::shared_ptr<bench::MeasuredBackend> backend;
  std::shared_ptr<const UNet> unet;
  std::shared_ptr<const Vae> vae;

  Counted(const Blueprint& blueprint, std::shared_ptr<const Backend> inner)
      : backend(std::make_shared<bench::MeasuredBackend>(std::move(inner))),
        unet(blueprint.parts.unet.load(backend)),
        vae(blueprint.parts.vae.load(backend)) {}
};

void check_cost(const std::shared_ptr<const Backend>& inner, bool is_plain) {
  const c10::InferenceMode no_gradients;
  Composer composer(golden_models(), built_in_registry());
  const auto plan = composer.blueprint(kFolderModel, false);
  const ModelSketch sketch = sketch_model(*plan, inner);
  const ModelCost cost = cost_of(sketch, {}, false, [](JobStage) {});
  const Counted real(*plan, inner);
  for (const auto& [height, width] : {std::pair<int64_t, int64_t>{8, 8}, {24, 64}}) {
    INFO(height << "x" << width << ", plain " << is_plain);
    const auto p = static_cast<double>(height * width);
    const auto run = real.unet->prepare({{"tokens", at::randn({2, 77, real.unet->info().context_width})}});
    const Tensor x = at::randn({2, real.unet->info().in_channels, height, width}), t = at::ones({2});
    real.backend->clear();
    run->predict(x, t);
    CHECK(cost.network.operations_of(p, 2) == Approx(operations_of(*real.backend)).epsilon(1e-9));
    if (is_plain) CHECK(cost.network.kernels == calls_of(*real.backend));
    real.backend->clear();
    real.vae->decode(at::randn({1, real.vae->info().latent_channels, height, width}));
    CHECK(cost.decode.operations_of(p, 1) == Approx(operations_of(*real.backend)).epsilon(1e-9));
  }
}

GenerateRequest request_of(const std::string& scheduler, int64_t steps, double guidance) {
  GenerateRequest request = small_request(kFolderModel);
  request.scheduler = scheduler;
  request.steps = steps;
  request.guidance_scale = guidance;
  return request;
}

const OnStage kNobody = [](JobStage) {};

using Calls = std::map<std::string, int64_t>;

Calls calls_for(const GenerateRequest& request) {
  static Composer composer(golden_models(), built_in_registry());
  const PreparedRequest prepared = composer.prepare(request, false);
  const auto steps = static_cast<size_t>(prepared.settings.steps_done());
  Calls calls;
  for (const auto& [call, times] : network_calls(*prepared.model, prepared.settings, {0, steps}))
    calls[std::string(call.guided ? "guided" : "alone") + (call.shallow ? ", shallow" : "")] = times;
  return calls;
}

}  // namespace

TEST_CASE("a model's operations and kernels are known from its shapes, also at sizes that were not tried") {
  check_cost(std::make_shared<FusedBackend>(at::kFloat), false);
  check_cost(std::make_shared<PlainKernels>(at::kFloat), true);
}

TEST_CASE("a sketch takes no memory of its weights' size, and says of itself what the model says") {
  Composer composer(golden_models(), built_in_registry());
  const auto plan = composer.blueprint(kFolderModel, false);
  const auto backend = composer.backend("");
  std::optional<ModelSketch> sketch;
  int64_t most = 0;
  {
    const MemoryWatch memory;
    sketch = sketch_model(*plan, backend);
    most = memory.most();
  }
  CHECK(sketch->weight_bytes > 2'000'000);
  CHECK(most < sketch->weight_bytes / 4);
  const auto loaded = composer.compose(kFolderModel, false);
  CHECK(sketch->model.unet->info().native_latent_size == loaded->unet->info().native_latent_size);
  CHECK(sketch->model.vae->info().reduction == loaded->vae->info().reduction);
  CHECK(sketch->model.text_layers() == loaded->text_layers());
}

TEST_CASE("the calls of a job's steps are of two rows where guidance counts, and shallow where the depth is kept") {
  CHECK(calls_for(request_of("ddim", 4, 7)) == Calls{{"guided", 4}});
  CHECK(calls_for(request_of("ddim", 4, 1)) == Calls{{"alone", 4}});
  CHECK(calls_for(request_of("heun", 4, 7)) == Calls{{"guided", 4}});
  GenerateRequest request = request_of("ddim", 10, 7);
  request.guidance_end = 0.5;
  CHECK(calls_for(request) == Calls{{"guided", 5}, {"alone", 5}});
  request = request_of("ddim", 10, 7);
  request.deepcache_interval = 5;
  CHECK(calls_for(request) == Calls{{"guided", 2}, {"guided, shallow", 8}});
}

TEST_CASE("bytes grow with the picture and with how many are made at once") {
  Composer composer(golden_models(), built_in_registry());
  Forecaster forecaster(composer, [](const std::string& fault) { FAIL(fault); });
  const auto bytes = [&](int64_t side, int64_t n) {
    GenerateRequest request = small_request(kFolderModel);
    request.width = request.height = side;
    request.n = n;
    return forecaster.forecast(request, false, kNobody)->estimate.bytes;
  };
  CHECK(bytes(64, 1) <= bytes(256, 1));
  CHECK(bytes(256, 1) < bytes(256, 4));
  CHECK(bytes(256, 4) == bytes(256, 8));  // in groups of four
}

TEST_CASE("what was measured corrects later estimates of the same, and of what has not been measured yet") {
  Composer composer(golden_models(), built_in_registry());
  Forecaster forecaster(composer, [](const std::string& fault) { FAIL(fault); });
  const GenerateRequest request = small_request(kFolderModel);
  const Forecast first = *forecaster.forecast(request, false, kNobody);
  CHECK(first.estimate.load_seconds > 0);
  CHECK(first.estimate.seconds > first.estimate.load_seconds);
  composer.prepare(request, false);
  forecaster.loaded(first, 0.1);
  const double denoise = first.uncorrected.at(1).denoise;
  forecaster.made(first, JobStage::denoise, 1, 40 * denoise, 0);
  forecaster.made(first, JobStage::decode, 1, 3 * first.uncorrected.at(1).decode, 0);
  const Forecast second = *forecaster.forecast(request, false, kNobody);
  CHECK(second.estimate.load_seconds == 0);
  CHECK(second.estimate.step_seconds == Approx(40 * denoise / 4));
  CHECK(second.estimate.decode_seconds == Approx(3 * first.uncorrected.at(1).decode));
  CHECK(forecaster.forecast(small_request(kFileModel), false, kNobody)->estimate.step_seconds >= 39 * denoise / 4);
}

TEST_CASE("what a set of LoRAs has prepared anew counts until it is there, and a change of the largest weight") {
  const std::string lora = std::string(ALICE_TEST_DATA) + "/goldens/lora/kohya_linear.safetensors";
  int64_t changed = 0, largest = 0;  // numbers, by the shapes of the factors
  const auto file = SafetensorsFile::open(lora);
  for (const auto& [name, down] : file->index().tensors) {
    const size_t end = name.find(".lora_down.weight");
    if (end == std::string::npos) continue;
    const TensorInfo& up = *file->index().find(name.substr(0, end) + ".lora_up.weight");
    const int64_t numbers = up.shape[0] * down.elements() / down.shape[0];
    changed += numbers;
    largest = std::max(largest, numbers);
  }
  REQUIRE(changed > 0);

  Composer composer(golden_models(), built_in_registry());
  Forecaster forecaster(composer, [](const std::string& fault) { FAIL(fault); });
  const GenerateRequest plain = small_request(kFolderModel);
  GenerateRequest with_lora = plain;
  with_lora.loras = {{lora, 0.5}};
  const auto forecast = [&](const GenerateRequest& request) { return *forecaster.forecast(request, true, kNobody); };
  CHECK(forecast(plain).variant_bytes == 0);
  CHECK(forecast(with_lora).variant_bytes == 4 * changed);
  CHECK(forecast(with_lora).change_bytes == 2 * 4 * largest);
  CHECK(forecast(with_lora).estimate.bytes >= forecast(plain).estimate.bytes + 4 * changed);
  CHECK(forecast(with_lora).estimate.load_seconds > forecast(plain).estimate.load_seconds);

  composer.prepare(plain, true);
  CHECK(forecast(plain).estimate.load_seconds == 0);
  CHECK(forecast(with_lora).load_bytes == 0);
  CHECK(forecast(with_lora).estimate.load_seconds > 0);
  composer.prepare(with_lora, true);
  CHECK(forecast(with_lora).variant_bytes == 0);
  CHECK(forecast(with_lora).estimate.load_seconds == 0);
  with_lora.loras[0].strength = 0.6;
  CHECK(forecast(with_lora).variant_bytes == 4 * changed);

  with_lora.loras[0].name += ".not there";
  CHECK(error_of([&] { forecast(with_lora); }).code() == ErrorCode::not_found);
}

TEST_CASE("a sampler that asks twice a step is known to from its first job on") {
  Composer composer(golden_models(), built_in_registry());
  Forecaster forecaster(composer, [](const std::string& fault) { FAIL(fault); });
  const GenerateRequest request = request_of("heun", 4, 7);
  const Forecast first = *forecaster.forecast(request, false, kNobody);
  forecaster.made(first, JobStage::denoise, 1, 8 * first.uncorrected.at(1).denoise, 8);
  const Forecast second = *forecaster.forecast(request_of("heun", 40, 7), false, kNobody);
  CHECK(second.asks_a_step == 2);
  CHECK(second.uncorrected.at(1).denoise == Approx(20 * first.uncorrected.at(1).denoise));
  CHECK(second.estimate.step_seconds == Approx(8 * first.uncorrected.at(1).denoise / 4));
  CHECK(forecaster.forecast(request_of("ddim", 4, 7), false, kNobody)->asks_a_step == 1);
}

TEST_CASE("what does not fit is refused with both figures, the size and what the model is for") {
  Composer composer(golden_models(), built_in_registry());
  Forecaster forecaster(composer, [](const std::string& fault) { FAIL(fault); });
  Forecast forecast = *forecaster.forecast(small_request(kFolderModel), false, kNobody);
  check_bounds(forecast, {}, "worker");
  const Error slow = error_of([&] { check_bounds(forecast, {0, 1e-6}, "worker"); });
  CHECK(slow.code() == ErrorCode::bad_request);
  CHECK(says(slow.sentence(), "generation.max_seconds"));
  forecast.needed_bytes = int64_t{1} << 50;
  forecast.estimate.bytes = int64_t{1} << 50;
  const Error large = error_of([&] { check_bounds(forecast, {2'000'000'000, 0}, "worker"); });
  CHECK(large.code() == ErrorCode::out_of_memory);
  CHECK(large.place() == "worker");
  for (const char* words : {"128x128", " s and 1125900 GB", "are left for it", "trained for 64x64"})
    CHECK(says(large.sentence(), words));
}
