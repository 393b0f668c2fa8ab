#include "sdk/check/sampling.h"

#include <cmath>
#include <random>

#include "core/api/scheduler.h"
#include "sdk/check/refusal.h"

namespace alice::check {
namespace {

constexpr double kSmallRange = 4;  // values of an integer that are tried one by one
constexpr size_t kPairs = 12;

struct OptionValue {
  const OptionSpec* spec;
  Json value;
};

std::vector<Json> choices_of(const OptionSpec& spec) {
  if (spec.is_list) return {};
  if (spec.type == OptionType::boolean) return {true, false};
  if (spec.type == OptionType::choice) return {spec.choices.begin(), spec.choices.end()};
  std::vector<Json> values;
  if (spec.type == OptionType::integer && spec.range.maximum - spec.range.minimum < kSmallRange)
    for (auto value = static_cast<int64_t>(spec.range.minimum); value <= spec.range.maximum; ++value)
      values.push_back(value);
  return values;
}

std::vector<Json> numbers_of(const OptionSpec& spec) {
  const bool is_number = spec.type == OptionType::integer || spec.type == OptionType::number;
  if (!is_number || spec.is_list || !std::isfinite(spec.range.minimum) || !std::isfinite(spec.range.maximum)) return {};
  const double middle = spec.range.minimum + (spec.range.maximum - spec.range.minimum) / 2;
  return {spec.type == OptionType::integer ? Json(static_cast<int64_t>(middle)) : Json(middle)};
}

class VariantMaker {
 public:
  explicit VariantMaker(const SchedulerFactory& factory) : factory_(factory) {
    made_.push_back({"the default options", create(Json::object())});
  }

  /// Passed over when create() refuses it, as options that exclude each other are.
  void add(const std::string& name, const Json& options) {
    std::shared_ptr<const Scheduler> scheduler;
    if (!refusal([&] { scheduler = create(options); })) made_.push_back({name, std::move(scheduler)});
  }
  void add(const OptionValue& one) { add(text(one), {{one.spec->name, one.value}}); }
  void add(const OptionValue& one, const OptionValue& other) {
    if (one.spec != other.spec)
      add(text(one) + ", " + text(other), {{one.spec->name, one.value}, {other.spec->name, other.value}});
  }
  std::vector<Variant> take() { return std::move(made_); }

 private:
  static std::string text(const OptionValue& one) { return one.spec->name + " = " + dump_json(one.value); }

  std::shared_ptr<const Scheduler> create(const Json& options) const {
    auto scheduler = factory_.create({{options, UnknownKeys::fault, json_places("options")}});
    expect(scheduler != nullptr, "create(" + dump_json(options) + ") gave null");
    return scheduler;
  }

  const SchedulerFactory& factory_;
  std::vector<Variant> made_;
};

}  // namespace

std::vector<Variant> variants(const Case& it, Breadth breadth) {
  const SchedulerFactory& factory = it.factory<SchedulerFactory>();
  const FactoryInfo& info = factory.info();
  VariantMaker maker(factory);
  for (const Alias& alias : info.aliases)
    if (!alias.options.empty()) maker.add("alias '" + alias.name + "'", alias.options);
  if (breadth == Breadth::named) return maker.take();

  std::vector<OptionValue> values;
  for (const OptionSpec& spec : info.options) {
    for (const Json& value : choices_of(spec))
      if (value != spec.default_value) values.push_back({&spec, value});
    if (breadth == Breadth::all)
      for (const Json& value : numbers_of(spec)) values.push_back({&spec, value});
  }
  for (const OptionValue& one : values) maker.add(one);
  if (breadth == Breadth::all && !values.empty()) {
    std::mt19937_64 random(it.seed);
    for (size_t i = 0; i < kPairs; ++i) maker.add(values[random() % values.size()], values[random() % values.size()]);
  }
  return maker.take();
}

NoiseModel usual_noise(Prediction prediction, bool zero_terminal_snr) {
  NoiseModelOptions options;
  options.beta_start = 0.00085, options.beta_end = 0.012;
  options.beta_schedule = BetaSchedule::scaled_linear;
  options.prediction_type = prediction;
  options.rescale_betas_zero_snr = zero_terminal_snr;
  return NoiseModel(options);
}

std::optional<Plan> plan_of(const Variant& variant, int64_t steps, const NoiseModel& model) {
  std::optional<Plan> plan;
  const auto error = refusal([&] { plan = variant.scheduler->plan(steps, model); });
  if (!error) return plan;
  const bool says_so = error->code() == ErrorCode::bad_request || error->code() == ErrorCode::bad_config ||
                       error->code() == ErrorCode::unsupported;
  expect(says_so,
         at_steps(variant, steps) + ": plan() threw Error(" + to_string(error->code()) + "): " + error->what());
  return std::nullopt;
}

Plan some_plan(const Variant& variant, const std::vector<int64_t>& steps, const NoiseModel& model) {
  std::string tried;
  for (const int64_t count : steps) {
    if (auto plan = plan_of(variant, count, model)) return *plan;
    tried += (tried.empty() ? "" : ", ") + std::to_string(count);
  }
  fail(variant.name + ": plan() refuses each of " + tried + " steps");
}

Tensor some_denoiser(const Tensor& x, const Level& level) { return x * level.alpha / (x.abs() + (1 + level.sigma)); }

void ignore_step(size_t, size_t, const Tensor&) {}

Tensor start_of(const Plan& plan, SeededNoise& noise) { return noise.normal({4, 5, 7}) * plan.init_noise_sigma; }

Tensor run(const Variant& variant, const Plan& plan, const NoiseModel& model, const std::vector<uint64_t>& seeds) {
  SeededNoise noise(seeds);
  const Tensor start = start_of(plan, noise);
  return variant.scheduler->sample(some_denoiser, start, plan, model, noise, ignore_step);
}

std::string at_steps(const Variant& variant, int64_t steps) {
  return variant.name + ", " + std::to_string(steps) + (steps == 1 ? " step" : " steps");
}

}  // namespace alice::check
