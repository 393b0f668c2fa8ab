#include "server/worker/compat/scheduler_trace.h"

#include <algorithm>
#include <cmath>

#include "core/api/class_options.h"
#include "core/math/denoiser.h"
#include "core/math/start_level.h"

namespace alice {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

/// The stand-in for a network, and a record of its calls.
class FormulaNetwork {
 public:
  FormulaNetwork(const SchedulerInputs& inputs, const NoiseModel& model) : inputs_(inputs), model_(model) {}

  Tensor denoise(const Tensor& x, const Level& level) {
    const int64_t call = static_cast<int64_t>(calls_.size());
    if (call >= inputs_.b.size(0))
      throw Error(ErrorCode::bad_request, "b",
                  "the golden has answers for " + std::to_string(call) + " calls, the run makes more");
    calls_.push_back(level);
    inputs_seen_.push_back(network_input(x, level, model_));
    return x0_from_prediction(inputs_seen_.back() * inputs_.slope + inputs_.b[call], x, level, model_);
  }

  const std::vector<Level>& calls() const { return calls_; }
  const std::vector<Tensor>& inputs_seen() const { return inputs_seen_; }

 private:
  const SchedulerInputs& inputs_;
  const NoiseModel& model_;
  std::vector<Level> calls_;
  std::vector<Tensor> inputs_seen_;
};

class DealtNoise final : public NoiseSource {
 public:
  explicit DealtNoise(const Tensor& bank) : bank_(bank) {}
  Tensor normal_like(const Tensor& like) override {
    if (static_cast<int64_t>(dealt_) >= bank_.size(0))
      throw Error(ErrorCode::bad_request, "bank",
                  "the golden has " + std::to_string(dealt_) + " draws of noise, the run makes more");
    return bank_[static_cast<int64_t>(dealt_++)].view_as(like);
  }
  size_t dealt() const { return dealt_; }

 private:
  const Tensor& bank_;
  size_t dealt_ = 0;
};

/// Of the levels that the run called at, else of the plan's, the one at time `t`. Where several are, the reference
/// takes the second.
Level level_at_time(double t, const std::vector<Level>& calls, const Plan& plan) {
  const double near = 1e-4 * std::max(1.0, std::abs(t));
  for (const std::vector<Level>* levels : {&calls, &plan.levels}) {
    std::vector<Level> found;
    for (const Level& level : *levels)
      if (std::abs(level.t - t) <= near) found.push_back(level);
    if (!found.empty()) return found.size() > 1 ? found[1] : found[0];
  }
  throw Error(ErrorCode::bad_request, "add_noise_index",
              "names the time " + std::to_string(t) + ", which the run does not visit");
}

/// As the reference counts it.
double sigma_of(const Level& level, const NoiseModel& model) {
  return level.sigma / (model.path() == NoisePath::flow ? level.alpha + level.sigma : level.alpha);
}

double difference(const std::vector<double>& ours, const std::vector<double>& golden) {
  if (ours.size() != golden.size()) return kInfinity;
  double largest = 0, apart = 0;
  for (size_t i = 0; i < golden.size(); ++i) {
    if (!std::isfinite(ours[i]) || !std::isfinite(golden[i])) return kInfinity;
    largest = std::max(largest, std::abs(golden[i]));
    apart = std::max(apart, std::abs(ours[i] - golden[i]));
  }
  return apart == 0 ? 0 : apart / largest;
}

double difference(const Tensor& ours, const Tensor& golden) {
  if (!ours.sizes().equals(golden.sizes())) return kInfinity;
  const Tensor a = ours.to(at::kDouble).flatten().contiguous(), b = golden.to(at::kDouble).flatten().contiguous();
  const double *first = a.data_ptr<double>(), *second = b.data_ptr<double>();
  return difference(std::vector<double>(first, first + a.numel()), std::vector<double>(second, second + b.numel()));
}

/// The part of a list with one entry a call that a run from `begin` sees.
std::vector<double> seen_part(const std::vector<double>& values, const SchedulerCase& test) {
  const size_t skipped = std::min(values.size(), test.begin * test.calls_per_step);
  return {values.begin() + static_cast<std::ptrdiff_t>(skipped), values.end()};
}

/// The reference's table of levels where a step makes several calls: the first, then each that a step ends at twice,
/// the end once. What is called in between is not in it.
std::vector<Level> table_of(const Plan& plan) {
  std::vector<Level> table = {plan.levels.front()};
  for (size_t i = 1; i < plan.steps(); ++i) table.insert(table.end(), 2, plan.levels[i]);
  table.push_back(plan.levels.back());
  return table;
}

std::vector<double> without_repeated_end(std::vector<double> values) {
  while (values.size() > 2 && values[values.size() - 2] == values.back()) values.pop_back();
  return values;
}

/// How cases.json spells a case.
struct CaseFields {
  std::string id, cls;
  int64_t n = 0, begin = 0, order = 1, noise_used = 0;
  std::optional<int64_t> add_noise_index;
  double init_noise_sigma = 1;
  std::vector<double> timesteps, sigmas;
};
const OptionTable<CaseFields>& case_fields() {
  constexpr double kMost = 1e9;
  using C = CaseFields;
  static const OptionTable<C> table =
      OptionTable<C>()
          .text("id", &C::id, "names the case's tensors")
          .text("cls", &C::cls, "class of the reference")
          .integer("n", &C::n, {1, kMost}, "steps")
          .integer("begin", &C::begin, {0, kMost}, "steps left out at the start")
          .integer("order", &C::order, {1, kMost}, "calls a step")
          .integer("noise_used", &C::noise_used, {0, kMost}, "draws of noise")
          .integer("add_noise_index", &C::add_noise_index, {0, kMost}, "into timesteps")
          .number("init_noise_sigma", &C::init_noise_sigma, {0, kInfinity}, "deviation of the starting noise")
          .number("timesteps", &C::timesteps, {}, "of every call")
          .number("sigmas", &C::sigmas, {}, "of every call, and of the end");
  return table;
}

Json object_member(const Json& object, const std::string& name, const std::string& place, Faults& faults) {
  const auto found = object.find(name);
  if (found != object.end() && found->is_object()) return *found;
  faults.add(place + "/" + name, "must be an object");
  return Json::object();
}

/// The reference's pipelines hand over a flow's shift, which they have from the size of the picture, and its levels:
/// here they are the noise model's own, of which a shift that is the same for every size is one.
void say_grid_and_shift(SchedulerCase& test) {
  if (!test.set_timesteps.is_object()) return;
  if (const Json mu = test.set_timesteps.value("mu", Json()); mu.is_number())
    test.config["base_shift"] = test.config["max_shift"] = mu;
  if (test.set_timesteps.value("sigmas", Json()) != "linspace(1, 1/n, n)") return;
  test.config["flow_grid"] = "even";
  test.set_timesteps.erase("sigmas");
}

}  // namespace

NoiseModel SchedulerCase::noise_model() const {
  Faults faults;
  const auto options = noise_model_options().read(config, UnknownKeys::pass_over, json_places(id + "/config"), faults);
  faults.throw_if_any(ErrorCode::bad_config);
  return NoiseModel(options).for_tokens(options.base_image_seq_len);
}

Json SchedulerCase::sampler_options() const {
  Json options = config;
  if (set_timesteps.is_object()) options.update(set_timesteps);
  options.update(step);
  return options;
}

void SchedulerCase::take_meaning_of_class(const SchedulerFactory& factory) {
  Json usual = options_of_class(factory, class_name, kClassDefaults);
  usual.update(config);
  config = usual;
  config.update(options_of_class(factory, class_name));
}

SchedulerCase read_scheduler_case(const Json& object, const std::string& place) {
  Faults faults;
  const CaseFields fields = case_fields().read(object, UnknownKeys::pass_over, json_places(place), faults);
  faults.throw_if_any(ErrorCode::bad_request);
  for (const char* name : {"id", "cls", "n", "timesteps"})
    if (!object.contains(name)) faults.add(place, std::string("has no member ") + name);
  SchedulerCase test;
  test.config = object_member(object, "config", place, faults);
  if (object.contains("set_timesteps")) test.set_timesteps = object_member(object, "set_timesteps", place, faults);
  test.step = object_member(object, "step", place, faults);
  if (fields.add_noise_index && *fields.add_noise_index >= static_cast<int64_t>(fields.timesteps.size()))
    faults.add(place + "/add_noise_index", "must be an index into timesteps");
  faults.throw_if_any(ErrorCode::bad_request);

  say_grid_and_shift(test);

  test.id = fields.id, test.class_name = fields.cls;
  test.steps = fields.n;
  test.begin = static_cast<size_t>(fields.begin), test.calls_per_step = static_cast<size_t>(fields.order);
  test.timesteps = fields.timesteps, test.sigmas = fields.sigmas;
  test.init_noise_sigma = fields.init_noise_sigma;
  test.noise_used = static_cast<size_t>(fields.noise_used);
  if (fields.add_noise_index) test.add_noise_index = static_cast<size_t>(*fields.add_noise_index);
  return test;
}

SchedulerTrace run_scheduler_case(const Scheduler& scheduler, const NoiseModel& model, const SchedulerCase& test,
                                  const SchedulerInputs& inputs) {
  const Plan whole = scheduler.plan(test.steps, model);
  const Plan plan = test.begin > 0 ? whole.from(test.begin) : whole;
  FormulaNetwork network(inputs, model);
  DealtNoise noise(inputs.bank);

  SchedulerTrace trace;
  trace.init_noise_sigma = whole.init_noise_sigma;
  const auto noised = [&](const Level& level) {
    return add_noise(inputs.x0, inputs.n0, start_level(scheduler, level, model));
  };
  trace.first = test.begin > 0 ? noised(plan.levels.front()) : inputs.n0 * whole.init_noise_sigma;
  trace.out = scheduler.sample([&](const Tensor& x, const Level& level) { return network.denoise(x, level); },
                               trace.first, plan, model, noise, [](size_t, size_t, const Tensor&) {});
  trace.in = at::stack(network.inputs_seen());
  trace.noise_used = noise.dealt();
  for (const Level& level : network.calls()) trace.timesteps.push_back(level.t);
  const bool has_table = test.calls_per_step > 1;
  std::vector<Level> seen = has_table ? table_of(plan) : network.calls();
  if (!has_table) seen.push_back(plan.levels.back());
  for (const Level& level : seen) trace.sigmas.push_back(sigma_of(level, model));
  if (test.add_noise_index)
    trace.add_noise =
        noised(has_table ? table_of(whole).at(*test.add_noise_index)
                         : level_at_time(test.timesteps.at(*test.add_noise_index), network.calls(), whole));
  return trace;
}

std::vector<TraceDifference> compare_scheduler_trace(const SchedulerTrace& ours, const SchedulerCase& test,
                                                     const GoldenTrace& golden) {
  std::vector<TraceDifference> list;
  list.push_back({"timesteps", difference(ours.timesteps, seen_part(test.timesteps, test))});
  if (!test.sigmas.empty() && test.calls_per_step > 1)  // some of the reference's tables have the end three times
    list.push_back({"sigmas", difference(ours.sigmas, seen_part(without_repeated_end(test.sigmas), test))});
  else if (!test.sigmas.empty())
    list.push_back({"sigmas", difference(ours.sigmas, seen_part(test.sigmas, test))});
  list.push_back({"init_noise_sigma", difference(std::vector<double>{ours.init_noise_sigma}, {test.init_noise_sigma})});
  list.push_back({"noise_used", ours.noise_used == test.noise_used ? 0 : kInfinity});
  list.push_back({"first", difference(ours.first, golden.first)});
  if (ours.in.size(0) != golden.in.size(0)) {
    list.push_back({"in", kInfinity});
  } else {
    for (int64_t call = 0; call < golden.in.size(0); ++call)
      list.push_back({"in[" + std::to_string(call) + "]", difference(ours.in[call], golden.in[call])});
  }
  list.push_back({"out", difference(ours.out, golden.out[-1])});
  if (test.add_noise_index) list.push_back({"add_noise", difference(ours.add_noise, golden.add_noise)});
  return list;
}

}  // namespace alice
