// LoRA formats: files that are made for the check, and what becomes of them.

#include <algorithm>
#include <limits>

#include "core/api/lora.h"
#include "sdk/check/callers.h"
#include "sdk/check/lora_samples.h"
#include "sdk/check/memory_tensors.h"
#include "sdk/check/plain_backend.h"
#include "sdk/check/refusal.h"

namespace alice::check {
namespace {

constexpr uint64_t kSeedOfWeights = 1;
constexpr double kTolerance = 1e-5;  // float32 sums of two products of numbers about 1
constexpr const char* kUse =
    "Return a LoraPatch for each parameter, with the names of its factors as \"up\" and \"down\"; the default change() "
    "multiplies them.";

std::shared_ptr<const LoraFormat> format_of(const Case& it) {
  auto format = it.factory<LoraFormatFactory>().create({});
  expect(format != nullptr, "create() gave null");
  return format;
}

const LoraTarget& target_of(const LoraPatch& patch) {
  const size_t targets = lora_targets().size();
  if (patch.target < targets) return lora_targets()[patch.target];
  fail("a patch is for target " + std::to_string(patch.target) + ", of which there were " + std::to_string(targets));
}

std::string name_of(const LoraTarget& target) { return target.part + " " + target.parameter; }

/// The model that is changed: drawn, so that a format may look at it.
Tensor weight_of(const LoraTarget& target) {
  const at::Generator generator = at::detail::createCPUGenerator(kSeedOfWeights);
  return at::randn(target.shape, generator);
}

LoraRecognition read_without_faults(const LoraFormat& format, const MemoryTensors& file) {
  LoraRecognition recognition = format.read(file, lora_targets());
  for (const Fault& fault : recognition.faults)
    fail("a sound file has a fault: " + fault.place + ": " + fault.sentence);
  return recognition;
}

/// "part parameter" -> its change
std::map<std::string, Tensor> changes_of(const LoraFormat& format, const MemoryTensors& file) {
  std::map<std::string, Tensor> changes;
  for (const LoraPatch& patch : read_without_faults(format, file).patches) {
    const LoraTarget& target = target_of(patch);
    const Tensor weight = weight_of(target);
    const Tensor change = format.change(file, patch, weight);
    expect(at::equal(weight, weight_of(target)), "change() wrote into the weight of '" + target.parameter + "'");
    expect(change.defined() && change.sizes().vec() == target.shape,
           "change() of '" + target.parameter + "' is not of shape " + shape_text(target.shape));
    expect(change.scalar_type() == at::kFloat && change.device().is_cpu(),
           "change() of '" + target.parameter + "' is not float32 on the host");
    expect(changes.emplace(name_of(target), change).second, "'" + target.parameter + "' is changed twice");
  }
  return changes;
}

/// Fails unless each target of the file changes by `scale` times what the file holds.
void compare(const LoraFormat& format, const LoraNames& names, const Tensors& tensors, double scale,
             const std::string& what) {
  std::map<std::string, Tensor> wanted;  // first: a format may spoil the file
  for (const LoraTarget& target : lora_targets())
    if (changes(names, target)) wanted[name_of(target)] = exact_change(names, tensors, target) * scale;
  const auto changes = changes_of(format, MemoryTensors(tensors));
  for (const auto& [name, exact] : wanted) {
    const auto found = changes.find(name);
    expect(found != changes.end(), what + ": no patch changes " + name);
    const double difference = (found->second.to(at::kDouble) - exact).abs().max().item<double>();
    if (!(difference < kTolerance))
      fail(what + ": the change of " + name + " is " + std::to_string(difference) + " off " + std::to_string(scale) +
           " times what the file holds");
  }
}

std::string check_own(const Case& it) { return lora_names_of(*format_of(it), it).name; }

std::string check_foreign(const Case& it) {
  const auto format = format_of(it);
  const auto expect_no = [&](const Tensors& tensors, const std::string& what) {
    expect(!format->recognises(MemoryTensors(tensors).index()), what + " was recognised");
  };
  expect_no({}, "an empty file");
  expect_no({{"stranger.weight", at::ones({3, 2})}}, "a file of one tensor that no LoRA has");
  expect_no({{"conv_in.weight", at::ones({5, 3, 3, 3})},
             {"conv_in.bias", at::ones({5})},
             {"mid_block.attentions.0.proj_in.weight", at::ones({6, 4})}},
            "a file of a model's own weights");
  return "";
}

std::string check_round_trip(const Case& it) {
  const auto format = format_of(it);
  const LoraNames names = lora_names_of(*format, it);
  const Tensors file = lora_file(names, it.seed);
  expect(!read_without_faults(*format, MemoryTensors(file)).description.empty(), "the description is empty");
  compare(*format, names, file, 1, "a file without alpha");
  for (const auto type : {at::kHalf, at::kBFloat16}) {
    Tensors lower;
    for (const auto& [name, tensor] : file) lower[name] = tensor.to(type);
    compare(*format, names, lower, 1, std::string("a file of type ") + at::toString(type));
  }
  return "";
}

std::string check_alpha(const Case& it) {
  const auto format = format_of(it);
  const LoraNames names = lora_names_of(*format, it);
  if (names.alpha.empty()) return "the format has no alpha";
  for (const double alpha : {0.5, 2.0, 8.0}) {
    Tensors file = lora_file(names, it.seed);
    for (const LoraTarget& target : lora_targets())
      if (changes(names, target)) file[names.start(target) + names.alpha] = at::scalar_tensor(alpha);
    compare(*format, names, file, alpha / 2, "a file of rank 2 and alpha " + std::to_string(alpha));
  }
  return "";
}

bool names_it(const std::vector<Fault>& sentences, const std::string& tensor) {
  return std::any_of(sentences.begin(), sentences.end(), [&](const Fault& one) {
    return (one.place + " " + one.sentence).find(tensor) != std::string::npos;
  });
}

void expect_fault(const LoraFormat& format, const Tensors& tensors, const std::string& tensor,
                  const std::string& what) {
  if (!names_it(format.read(MemoryTensors(tensors), lora_targets()).faults, tensor))
    fail(what + ": no fault names '" + tensor + "'");
}

/// A LoRA for more than this model has is applied as far as it goes.
void expect_warning(const LoraFormat& format, const Tensors& tensors, const std::string& tensor,
                    const std::string& what) {
  const LoraRecognition recognition = format.read(MemoryTensors(tensors), lora_targets());
  for (const Fault& fault : recognition.faults) fail(what + " is refused, where a warning would do: " + fault.sentence);
  if (!names_it(recognition.warnings, tensor)) fail(what + ": no warning names '" + tensor + "'");
}

/// Each pair without its down half, without its up half, and with a down half that does not fit.
void check_halves(const LoraFormat& format, const LoraNames& names, const Tensors& good, const LoraTarget& target) {
  const std::string down = names.start(target) + names.down, up = names.start(target) + names.up;
  Tensors without_down = good, without_up = good, other = good;
  without_down.erase(down);
  expect_fault(format, without_down, up, "an up half without its down half");
  without_up.erase(up);
  expect_fault(format, without_up, down, "a down half without its up half");
  other[down] = at::ones({2, 77});
  expect_fault(format, other, down, "a down half of shape [2, 77]");
}

std::string check_misfits(const Case& it) {
  const auto format = format_of(it);
  const LoraNames names = lora_names_of(*format, it);
  const Tensors good = lora_file(names, it.seed);
  for (const LoraTarget& target : lora_targets()) {
    if (!changes(names, target)) continue;
    if (names.difference.empty()) {
      check_halves(*format, names, good, target);
      continue;
    }
    const std::string tensor = names.start(target) + names.difference;
    Tensors other = good;
    other[tensor] = at::ones({2, 77});
    expect_fault(*format, other, tensor, "a difference of shape [2, 77]");
  }
  LoraTarget nowhere = lora_targets().front();
  nowhere.parameter = "no_such_module.weight";
  Tensors stranger = good;
  for (const std::string& ending : {names.down, names.up, names.difference})
    if (!ending.empty()) stranger[names.start(nowhere) + ending] = at::ones({2, 2});
  expect_warning(*format, stranger, "no_such_module", "a change of a module that the model does not have");
  return "";
}

std::string check_not_finite(const Case& it) {
  const auto format = format_of(it);
  const LoraNames names = lora_names_of(*format, it);
  Tensors tensors = lora_file(names, it.seed);
  const LoraTarget& target = lora_targets().front();
  tensors.at(names.start(target) + names.up + names.difference).fill_(std::numeric_limits<float>::quiet_NaN());
  const MemoryTensors file(tensors);
  const LoraRecognition recognition = format->read(file, lora_targets());
  if (!recognition.faults.empty()) return "";
  for (const LoraPatch& patch : recognition.patches)
    if (patch.target == 0)
      expect_refusal(ErrorCode::bad_weights, "change() of a factor that holds NaN",
                     [&] { format->change(file, patch, weight_of(target)); });
  return "";
}

std::string check_no_trace(const Case& it) {
  const auto format = format_of(it);
  const LoraNames names = lora_names_of(*format, it);
  const Tensors tensors = lora_file(names, it.seed);
  Tensors copies;
  for (const auto& [name, tensor] : tensors) copies[name] = tensor.clone();
  const MemoryTensors file(tensors);
  const auto first = changes_of(*format, file);
  for (const auto& [name, tensor] : tensors)
    expect(at::equal(tensor, copies.at(name)), "the file's tensor '" + name + "' was changed");

  std::vector<Parameter> parameters;
  Tensors base;
  for (const LoraTarget& target : lora_targets()) {
    parameters.push_back({target.parameter, target.shape, target.parameter, Parameter::Form::as_is, 0, false, ""});
    base[target.parameter] = weight_of(target);
  }
  const ModelWeights weights("memory", std::make_shared<MemoryTensors>(base), parameters, plain_backend());
  Deltas deltas;
  for (const LoraPatch& patch : read_without_faults(*format, file).patches)
    deltas.emplace(target_of(patch).parameter, Delta(target_of(patch).shape, [&, patch](const Tensor& weight) {
                     return format->change(file, patch, weight);
                   }));
  const ModelWeights patched = weights.patched(deltas);
  for (const LoraTarget& target : lora_targets()) {
    const auto change = first.find(name_of(target));
    if (change == first.end()) continue;
    const std::string& name = target.parameter;
    expect(at::equal(patched.tensor(name), base.at(name) + change->second),
           "the patched '" + name + "' is not weight + change");
    expect(at::equal(weights.tensor(name), weight_of(target)),
           "'" + name + "' is another one while the LoRA is applied");
  }
  for (const auto& [name, change] : changes_of(*format, file))
    expect(at::equal(change, first.at(name)), "the change of '" + name + "' is another one the second time");
  return "";
}

std::string check_threads(const Case& it) {
  constexpr size_t kCallers = 4;
  const auto format = format_of(it);
  const MemoryTensors file(lora_file(lora_names_of(*format, it), it.seed));
  const auto alone = changes_of(*format, file);
  std::vector<std::map<std::string, Tensor>> together(kCallers);
  call_at_once(kCallers, [&](size_t i) { together[i] = changes_of(*format, file); });
  for (const auto& changes : together)
    for (const auto& [name, change] : alone)
      expect(changes.count(name) == 1 && at::equal(changes.at(name), change),
             "four readers at once get another change of '" + name + "' than one alone");
  return "";
}

}  // namespace

std::vector<Check> lora_checks() {
  const std::vector<std::string> formats = {LoraFormatFactory::kKind};
  return {
      {"lora_format/recognised", "recognises() says yes to a file of its own names.",
       "Judge by the tensors' names. For names that the checker does not know, describe yours in a file for "
       "--lora-names.",
       "options/defaults-fit", formats, check_own},
      {"lora_format/foreign",
       "recognises() says no to an empty file, to a file of nobody, and to a model's own weights.",
       "Ask for an ending that only your format writes.", "options/defaults-fit", formats, check_foreign},
      {"lora_format/round-trip",
       "A file changes every module that it names, and only once, by up x down or the difference that it holds, in "
       "float32, whatever float type the file is of.",
       kUse, "lora_format/recognised", formats, check_round_trip},
      {"lora_format/alpha", "With an alpha tensor the change is alpha / rank times up x down.",
       "Read the alpha tensor in read() and set LoraPatch::scale = alpha / rank.", "lora_format/round-trip", formats,
       check_alpha},
      {"lora_format/misfits-named",
       "Half of a pair and a factor of another shape are faults that name the tensor; a module that the model does not "
       "have is a warning that names it, and the rest is applied.",
       "Add to LoraRecognition::faults what cannot be right, to warnings whatever else you do not use.",
       "lora_format/recognised", formats, check_misfits},
      {"lora_format/not-finite", "A factor that holds NaN is a fault, or change() throws Error(bad_weights).",
       "Use the default change(), or test at::isfinite(result).all().", "lora_format/round-trip", formats,
       check_not_finite},
      {"lora_format/leaves-no-trace",
       "Reading changes nothing in the file, nor change() the weight that it is shown; the change applied to a model "
       "and taken off leaves the model as it was, and is the same the second time.",
       "Never compute in place on what WeightSource::tensor() gives, or on the weight: they are views of files.",
       "lora_format/round-trip", formats, check_no_trace},
      {"lora_format/threads", "Four readers at once get the same changes as one alone.",
       "Keep nothing in the format object: read() and change() are const.", "lora_format/leaves-no-trace", formats,
       check_threads},
  };
}

}  // namespace alice::check
