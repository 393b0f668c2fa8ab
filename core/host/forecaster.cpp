#include "core/host/forecaster.h"

#include <algorithm>
#include <exception>
#include <limits>
#include <utility>

#include "core/base/lora_tags.h"
#include "core/base/machine_memory.h"
#include "core/host/refining.h"
#include "core/host/shown.h"

namespace alice {
namespace {

constexpr double kUsualLoading = 2e-9;  // seconds a byte, before any was measured: a file that is in memory, packed
constexpr double kWeightOfNewest = 0.5;

std::string words_of(const std::exception_ptr& thrown) {
  try {
    std::rethrow_exception(thrown);
  } catch (const std::exception& e) {
    return e.what();
  } catch (...) {
    return "a plugin threw what is no std::exception";
  }
}

std::string name_of(const Forecast& forecast, JobStage stage) {
  return forecast.model + "|" + to_string(stage);
}

std::string kind_on(const Forecast& forecast, JobStage stage) {
  return forecast.backend + "|" + to_string(stage);
}

/// "4 pictures of 512x768 in 25 steps of sd/x would take about 9 min and 12 GB".
std::string told(const Forecast& forecast) {
  const Settings& settings = forecast.settings;
  return (settings.n == 1 ? "a picture" : std::to_string(settings.n) + " pictures") + " of " +
         to_text({settings.width, settings.height}) + " in " + std::to_string(settings.steps) + " steps of " +
         settings.model + " would take " + in_words(forecast.estimate);
}

std::string trained_for(const Forecast& forecast) {
  return forecast.size.native.is_known() ? "; it was trained for " + to_text(forecast.size.native) : "";
}

/// The bytes of what is not there yet: the models', and those of their LoRAs' variant.
double to_prepare(const Forecast& forecast) {
  return forecast.load_bytes + static_cast<double>(forecast.variant_bytes);
}

/// Pictures are made in groups: how many of which size.
std::map<int64_t, int64_t> groups_of(int64_t images) {
  std::map<int64_t, int64_t> groups;
  if (images >= kLargestBatch) groups[kLargestBatch] = images / kLargestBatch;
  if (images % kLargestBatch > 0) groups[images % kLargestBatch] = 1;
  return groups;
}

/// How many places latents have.
double latents_of(const ModelSketch& sketch, const Settings& settings) {
  const auto reduction = static_cast<double>(sketch.model.vae->info().reduction);
  return static_cast<double>(settings.width) * static_cast<double>(settings.height) / (reduction * reduction);
}

int64_t bytes_to_load(const ModelSketch& sketch) { return sketch.weight_bytes + sketch.file_bytes; }

}  // namespace

void check_bounds(const Forecast& forecast, const JobBounds& bounds, const std::string& place) {
  constexpr double kTrust = 1.3;  // how far off an estimate of memory may be
  const double needed = static_cast<double>(forecast.needed_bytes) / kTrust;
  const int64_t left = bounds.most_bytes == 0 ? std::numeric_limits<int64_t>::max()
                                              : std::max<int64_t>(0, bounds.most_bytes - own_memory());
  const int64_t there = std::min(left, available_memory().value_or(left));
  if (needed > static_cast<double>(there))
    throw Error(ErrorCode::out_of_memory, place,
                told(forecast) + ", and " + size_in_words(there) + " are left for it" + trained_for(forecast) +
                    ": a smaller picture, or fewer, may fit");
  if (bounds.most_seconds > 0 && forecast.estimate.seconds > bounds.most_seconds)
    throw Error(ErrorCode::bad_request, "",
                told(forecast) + ", and " + time_in_words(bounds.most_seconds) +
                    " are allowed (the configuration's generation.max_seconds)" + trained_for(forecast));
}

Forecaster::Forecaster(Composer& composer, std::function<void(const std::string&)> on_fault)
    : composer_(composer),
      on_fault_(std::move(on_fault)),
      seconds_a_loaded_byte_(kUsualLoading),
      idle_bytes_(resident_memory()) {}

/// Null when it cannot be sketched.
Forecaster::Known* Forecaster::model_of(const Blueprint& plan, const std::string& key) {
  for (auto it = models_.begin(); it != models_.end(); ++it) {
    if (it->key != key) continue;
    models_.splice(models_.begin(), models_, it);
    return &models_.front();
  }
  try {
    models_.push_front({key, sketch_model(plan, composer_.backend(plan.backend)), {}});
  } catch (...) {
    on_fault_(plan.config.id + " cannot be estimated: " + words_of(std::current_exception()));
    return nullptr;
  }
  if (models_.size() > kMostLoadedModels) models_.pop_back();
  return &models_.front();
}

const ModelCost& Forecaster::cost_for(Known& model, const Settings& settings, const OnStage& on_stage) {
  const Shortcuts& shortcuts = settings.shortcuts;
  const bool reads_picture = settings.request.image.has_value();
  const std::tuple key(shortcuts.deepcache_interval > 1, shortcuts.token_merging_ratio, reads_picture);
  const auto known = model.costs.find(key);
  if (known != model.costs.end()) return known->second;
  return model.costs.emplace(key, cost_of(model.sketch, shortcuts, reads_picture, on_stage)).first->second;
}

const BackendSpeed& Forecaster::speed_of(const BackendChoice& backend) {
  const auto known = speeds_.find(backend.key);
  if (known != speeds_.end()) return known->second;
  const BackendSpeed speed = measure_speed(*composer_.backend(backend));
  note_idle();  // the libraries' code is in memory now
  return speeds_.emplace(backend.key, speed).first->second;
}

Forecaster::Share Forecaster::share_of(Known& model, const Blueprint& plan, const Settings& settings,
                                       const StepRange& steps, const OnStage& on_stage) {
  return {model.sketch, cost_for(model, settings, on_stage), speed_of(plan.backend),
          settings,     steps,                               composer_.is_loaded(model.key)};
}

std::optional<Forecast> Forecaster::forecast(GenerateRequest request, bool paths_allowed, const OnStage& on_stage,
                                             const InputPictures& inputs) {
  Faults faults;
  take_lora_tags(request.prompt, request.loras, faults);
  faults.throw_if_any(ErrorCode::bad_request);
  const auto plan = composer_.blueprint(request.model, paths_allowed);
  const auto refining = composer_.refiner(request, *plan, paths_allowed);
  for (const Blueprint* one : {plan.get(), refining.get()})
    if (one && !one->faults.empty()) throw Error(ErrorCode::bad_weights, one->faults);

  Forecast forecast;
  forecast.backend = plan->backend.key;
  forecast.size = plan->size;
  Known* model = model_of(*plan, key_of(*plan));
  Known* refiner = model && refining ? model_of(*refining, key_of(*refining)) : nullptr;
  if (!model || (refining && !refiner)) return std::nullopt;
  forecast.model = model->key + (refiner ? "|" + refiner->key : "");
  std::vector<std::string> warnings;  // prepare() tells them
  forecast.settings = composer_.settle(request, inputs, *plan, model->sketch.model, warnings);
  const std::vector<LoraFile> loras = composer_.loras().files_of(forecast.settings.loras, paths_allowed);
  const auto steps = static_cast<size_t>(forecast.settings.steps_done());
  std::optional<Refining> second;
  if (refiner) {
    const std::shared_ptr<const Model> parts(std::shared_ptr<const Model>(), &refiner->sketch.model);  // is kept here
    second = composer_.refining(forecast.settings, model->sketch.model, *refining, parts);
  }
  try {
    const size_t handed_over = second ? steps_before_refiner(forecast.settings) : steps;
    Shares shares = {share_of(*model, *plan, forecast.settings, {0, handed_over}, on_stage)};
    if (second) shares.push_back(share_of(*refiner, *refining, *second->settings, {handed_over, steps}, on_stage));
    add_loras(*model, loras, forecast);
    add_seconds(shares, forecast);
    add_bytes(shares, forecast);
  } catch (...) {  // whoever carries it out tells what is wrong with it
    on_fault_(plan->config.id + " cannot be estimated: " + words_of(std::current_exception()));
    return std::nullopt;
  }
  return forecast;
}

void Forecaster::add_loras(const Known& model, const std::vector<LoraFile>& loras, Forecast& forecast) {
  constexpr int64_t kChangesAtOnce = 2;  // in float32: a change, and it times its strength or added to its weight
  if (loras.empty() || composer_.is_loaded(model.key + key_of(loras))) return;
  const LoraReach reach = lora_reach(composer_.registry(), model.sketch.model, loras);
  forecast.variant_bytes = reach.changed * static_cast<int64_t>(c10::elementSize(model.sketch.backend->dtype()));
  forecast.change_bytes = reach.largest * kChangesAtOnce * static_cast<int64_t>(sizeof(float));
}

void Forecaster::add_seconds(const Shares& shares, Forecast& forecast) {
  const Settings& settings = forecast.settings;
  const double p = latents_of(shares.front().sketch, settings);
  const auto seconds = [&](const Share& share, const CallCost& call, int64_t rows) {
    return share.speed.seconds(call.kernels, call.operations_of(p, rows));
  };
  const double denoise_factor = corrections_.factor(name_of(forecast, JobStage::denoise),
                                                    kind_on(forecast, JobStage::denoise));
  const double decode_factor =
      corrections_.factor(name_of(forecast, JobStage::decode), kind_on(forecast, JobStage::decode));

  const auto asks = asks_a_step_.find(settings.scheduler.plugin);
  if (asks != asks_a_step_.end()) forecast.asks_a_step = asks->second;

  Estimate& estimate = forecast.estimate;
  for (const auto& [images, count] : groups_of(settings.n)) {
    Forecast::Stages& group = forecast.uncorrected[images];
    for (const Share& share : shares)
      for (const auto& [call, times] : network_calls(share.sketch.model, share.settings, share.steps)) {
        const int64_t rows = call.guided ? settings.guidance.rows() * images : images;
        group.denoise += forecast.asks_a_step * static_cast<double>(times) *
                         seconds(share, call.shallow ? share.cost.shallow : share.cost.network, rows);
      }
    group.decode = seconds(shares.back(), shares.back().cost.decode, images);
    estimate.seconds +=
        static_cast<double>(count) * (group.denoise * denoise_factor + group.decode * decode_factor);
    estimate.step_seconds =
        std::max(estimate.step_seconds, group.denoise * denoise_factor / static_cast<double>(settings.steps_done()));
    estimate.decode_seconds = std::max(estimate.decode_seconds, group.decode * decode_factor);
  }
  const Share& first = shares.front();
  const bool is_shown_mask = shown_to(first.sketch.model.unet->info(), first.sketch.model.id) == Shown::mask;
  estimate.encode_seconds = seconds(first, first.cost.picture, is_shown_mask ? 2 : 1);
  for (const Share& share : shares) {
    estimate.encode_seconds += seconds(share, share.cost.encode, 1);
    if (!share.is_loaded) forecast.load_bytes += static_cast<double>(bytes_to_load(share.sketch));
  }
  estimate.load_seconds = to_prepare(forecast) * seconds_a_loaded_byte_;
  estimate.seconds += estimate.load_seconds + estimate.encode_seconds;
}

void Forecaster::add_bytes(const Shares& shares, Forecast& forecast) const {
  const Settings& settings = forecast.settings;
  const double p = latents_of(shares.front().sketch, settings);
  const int64_t images = std::min(settings.n, kLargestBatch);
  const int64_t rows = settings.guidance.rows() * images;
  int64_t at_work = forecast.change_bytes, idle = idle_bytes_ + forecast.variant_bytes, files = 0;
  for (const auto& [sketch, cost, speed, own, steps, is_loaded] : shares) {
    at_work = std::max({at_work, cost.network.bytes_of(p, rows), cost.decode.bytes_of(p, images),
                        cost.encode.bytes_of(p, 1), cost.picture.bytes_of(p, 1)});
    if (is_loaded) continue;
    idle += bytes_to_load(sketch);
    files += sketch.file_bytes;
  }
  const int64_t now = resident_memory();
  forecast.estimate.bytes = std::max(now, idle + at_work);
  forecast.needed_bytes = std::max<int64_t>(0, forecast.estimate.bytes - now - files);
}

void Forecaster::loaded(const Forecast& forecast, double seconds) {
  const double bytes = to_prepare(forecast);
  if (bytes == 0) return;
  seconds_a_loaded_byte_ += kWeightOfNewest * (seconds / bytes - seconds_a_loaded_byte_);
  note_idle();
}

void Forecaster::note_idle() { idle_bytes_ = std::max(idle_bytes_, resident_memory()); }

void Forecaster::made(const Forecast& forecast, JobStage stage, int64_t images, double seconds, int64_t asks) {
  const auto group = forecast.uncorrected.find(images);
  if (group == forecast.uncorrected.end() || stage == JobStage::encode) return;
  double uncorrected = stage == JobStage::decode ? group->second.decode : group->second.denoise;
  if (stage == JobStage::denoise && asks > 0) {
    const double really = static_cast<double>(asks) / static_cast<double>(forecast.settings.steps_done());
    asks_a_step_[forecast.settings.scheduler.plugin] = really;
    uncorrected *= really / forecast.asks_a_step;
  }
  corrections_.note(name_of(forecast, stage), kind_on(forecast, stage), uncorrected, seconds);
}

}  // namespace alice
