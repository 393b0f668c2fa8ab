// Model plugins: what holds for whatever a model computes.

#include "sdk/check/callers.h"
#include "sdk/check/model_samples.h"
#include "sdk/check/model_use.h"
#include "sdk/check/process_state.h"
#include "sdk/check/refusal.h"

namespace alice::check {
namespace {

bool equal(const std::vector<Tensor>& some, const std::vector<Tensor>& others) {
  if (some.size() != others.size()) return false;
  for (size_t i = 0; i < some.size(); ++i)
    if (!at::equal(some[i], others[i])) return false;
  return true;
}

const auto check_repeats = for_models([](const auto& factory, const Case& it) -> std::string {
  for (const ModelSample& sample : model_samples(factory, it)) {
    const auto part = load(factory, sample);
    const auto first = outputs_of(*part, {it.seed});
    for (const Tensor& output : first)
      expect(output.isfinite().all().template item<bool>(),
             sample.name + ": a result holds numbers that are not finite");
    outputs_of(*part, {it.seed + 1, it.seed + 2});
    expect(equal(first, outputs_of(*part, {it.seed})),
           sample.name + ": the same input gives other numbers after another one");
    expect(equal(first, outputs_of(*load(factory, sample), {it.seed})),
           sample.name + ": the same files loaded again give other numbers");
  }
  return "";
});

const auto check_batch = for_models([](const auto& factory, const Case& it) -> std::string {
  for (const ModelSample& sample : model_samples(factory, it)) {
    const auto part = load(factory, sample);
    const std::vector<uint64_t> seeds = {it.seed, it.seed + 1, it.seed + 2};
    const auto batch = outputs_of(*part, seeds);
    for (size_t row = 0; row < seeds.size(); ++row) {
      const auto alone = outputs_of(*part, {seeds[row]});
      for (size_t i = 0; i < batch.size(); ++i)
        expect(at::equal(batch[i][static_cast<int64_t>(row)], alone[i][0]),
               sample.name + ": row " + std::to_string(row) + " of a batch of 3 is not that row alone");
    }
  }
  return "";
});

const auto check_threads = for_models([](const auto& factory, const Case& it) -> std::string {
  constexpr size_t kCallers = 4;
  for (const ModelSample& sample : model_samples(factory, it)) {
    const auto part = load(factory, sample);
    std::vector<std::vector<Tensor>> alone(kCallers), together(kCallers);
    for (size_t i = 0; i < kCallers; ++i) alone[i] = outputs_of(*part, {it.seed + i});
    call_at_once(kCallers, [&](size_t i) { together[i] = outputs_of(*part, {it.seed + i}); });
    for (size_t i = 0; i < kCallers; ++i)
      expect(equal(alone[i], together[i]), sample.name + ": four calls at once give other numbers than each alone");
  }
  return "";
});

const auto check_leaves_nothing = for_models([](const auto& factory, const Case& it) -> std::string {
  const ModelSample sample = model_samples(factory, it).front();
  const auto use = [&] { outputs_of(*load(factory, sample), {it.seed}); };
  use();  // what libtorch and the plugin make once
  const ProcessState before = ProcessState::now();
  for (int i = 0; i < 5; ++i) use();
  if (const std::string more = before.what_is_left(); !more.empty())
    fail("after it was loaded, used and let go five times " + more);
  return "";
});

/// A weight that LoRAs change: a matrix or a kernel.
const Parameter& some_matrix(const ModelSample& sample) {
  for (const Parameter& parameter : sample.recognition.parameters) {
    const bool is_matrix = parameter.shape.size() == 2 || parameter.shape.size() == 4;
    if (is_matrix && parameter.name.find("embedding") == std::string::npos) return parameter;
  }
  fail(sample.name + ": no parameter is a matrix or a kernel that a LoRA could change");
}

template <class Part>
std::string check_patched(const ModelFactory<Part>& factory, const Case& it) {
  for (const ModelSample& sample : model_samples(factory, it)) {
    const auto part = load(factory, sample);
    const auto before = outputs_of(*part, {it.seed});
    const Parameter& changed = some_matrix(sample);
    const Tensor delta = at::ones(changed.shape);
    const auto patched = part->patched({{changed.name, delta}});
    expect(patched != nullptr, sample.name + ": patched() gave null");
    expect(!equal(outputs_of(*patched, {it.seed}), before),
           sample.name + ": a change of '" + changed.name + "' changes no result of the patched model");
    expect(equal(outputs_of(*part, {it.seed}), before),
           sample.name + ": a change of '" + changed.name + "' changed the model that it was made from");
    expect(equal(outputs_of(*part->patched({{changed.name, at::zeros(changed.shape)}}), {it.seed}), before),
           sample.name + ": a change by zeros gives another model");
    expect_refusal(ErrorCode::bad_weights, sample.name + ": a change of a parameter that is not there", [&] {
      part->patched({{"no.such.parameter", delta}});
    });
    expect_refusal(ErrorCode::bad_weights, sample.name + ": a change of another shape than '" + changed.name + "'",
                   [&] {
                     part->patched({{changed.name, at::ones({3})}});
                   });
  }
  return "";
}

/// Those that LoRAs change.
using PatchedFactories = Interfaces<TextEncoderFactory, UNetFactory>;

std::string check_patched_of(const Case& it) {
  with_factory(PatchedFactories(), it, [&](const auto& factory) { check_patched(factory, it); });
  return "";
}

}  // namespace

std::vector<Check> model_checks() {
  const std::vector<std::string> models = names_of(PartFactories());
  return {
      {"model/repeats",
       "The same input gives the same bits, whatever was computed in between, and after loading again; all are finite.",
       "Keep nothing between calls in the model; initialise every tensor that at::empty() makes.", "model/recognised",
       models, check_repeats},
      {"model/batch-equals-singles", "A row of a batch is that row alone, bit for bit.",
       "Compute with the backend's kernels, which keep rows apart, and put what else uses exp or tanh into each_row().",
       "model/repeats", models, check_batch},
      {"model/threads", "Four calls of one object at the same time give what each gives alone, bit for bit.",
       "Make the class const without mutable members; what a request computes once belongs into its UNetRun.",
       "model/repeats", models, check_threads},
      {"model/patched",
       "patched() makes a model whose results differ, leaves the first one as it was to the bit, and refuses a name or "
       "shape that does not fit with Error(bad_weights).",
       "Make the new model from ModelWeights::patched(deltas), and take every weight from it.", "model/repeats",
       names_of(PatchedFactories()), check_patched_of},
      {"model/leaves-nothing", "Loading, using and letting go leaves no thread and no open file behind.",
       "Stop in destructors what constructors start.", "model/repeats", models, check_leaves_nothing},
  };
}

}  // namespace alice::check
