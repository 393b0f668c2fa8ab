// Model plugins: what recognise() says of files, before anything is loaded.

#include <algorithm>
#include <limits>
#include <random>

#include "sdk/check/memory_tensors.h"
#include "sdk/check/model_samples.h"
#include "sdk/check/model_use.h"
#include "sdk/check/refusal.h"

namespace alice::check {
namespace {

constexpr size_t kTried = 12;  // of the tensors of a sample, drawn by the case's seed

/// kTried names of the sample's tensors, the first and the last among them.
std::vector<std::string> some_names(const ModelSample& sample, uint64_t seed) {
  std::vector<std::string> all;
  for (const auto& one : sample.tensors) all.push_back(one.first);
  std::mt19937_64 random(seed);
  std::vector<std::string> some = {all.front(), all.back()};
  while (some.size() < std::min(kTried, all.size())) some.push_back(all[random() % all.size()]);
  return some;
}

std::string canonical_name(const ModelSample& sample, const std::string& source) {
  for (const Parameter& parameter : sample.recognition.parameters)
    if (parameter.source == source) return parameter.name;
  return source;
}

bool names_one(const std::vector<Fault>& sentences, const std::string& tensor, const std::string& canonical) {
  return std::any_of(sentences.begin(), sentences.end(), [&](const Fault& one) {
    const std::string text = one.place + " " + one.sentence;
    return text.find(tensor) != std::string::npos || text.find(canonical) != std::string::npos;
  });
}

/// Fails unless recognise() takes `files` for its own and one of its faults (or, of a tensor too many, its warnings)
/// names the tensor.
template <class Part>
void expect_told(const ModelFactory<Part>& factory, const ModelSample& sample, const ModelFiles& files,
                 const std::string& tensor, const std::string& what, bool is_warning = false) {
  const auto recognition = factory.recognise(files);
  const std::string where = sample.name + " " + what + " '" + tensor + "'";
  expect(recognition.has_value(), where + " is not recognised at all: it is yours, and damaged");
  const std::string canonical = canonical_name(sample, tensor);
  if (is_warning) {
    for (const Fault& fault : recognition->faults)
      fail(where + " is refused, where a warning would do: " + fault.sentence);
    expect(names_one(recognition->warnings, tensor, canonical),
           where + " is recognised without a warning that names it");
  } else {
    expect(names_one(recognition->faults, tensor, canonical), where + " is recognised without a fault that names it");
  }
}

const auto check_recognised = for_models([](const auto& factory, const Case& it) -> std::string {
  std::string names;
  for (const ModelSample& sample : model_samples(factory, it)) {
    const Recognition& recognition = sample.recognition;
    for (const Fault& fault : recognition.faults)
      fail(sample.name + " with every tensor that it asks for has a fault: " + fault.place + ": " + fault.sentence);
    expect(!recognition.description.empty(), sample.name + ": the description is empty");
    expect(!recognition.parameters.empty(), sample.name + ": the list of parameters is empty");
    for (const Parameter& parameter : recognition.parameters)
      expect(!parameter.name.empty() && sample.tensors.count(parameter.source) == 1,
             sample.name + ": the parameter '" + parameter.name + "' comes from '" + parameter.source +
                 "', which is no tensor of the file");
    for (const auto& one : sample.tensors)
      expect(recognition.claimed.count(one.first) == 1, sample.name + ": '" + one.first + "' is used and not claimed");
    names += (names.empty() ? "" : "; ") + sample.name;
  }
  return names;
});

const auto check_foreign = for_models([](const auto& factory, const Case& it) -> std::string {
  const auto expect_nobodys = [&](const ModelFiles& files, const std::string& what) {
    expect(!factory.recognise(files).has_value(), what + " was recognised");
  };
  ModelFiles files;
  files.place = "memory";
  files.weights = std::make_shared<MemoryTensors>(
      std::map<std::string, Tensor>{{"stranger.weight", at::ones({3, 2})}, {"another.one", at::ones({4})}});
  expect_nobodys(files, "a file of two tensors that no model has");
  files.config = {{"_class_name", "ModelOfNobody"}, {"architectures", {"ModelOfNobody"}}, {"model_type", "nobody"}};
  expect_nobodys(files, "a folder whose config.json names a class of nobody");
  files.weights = std::make_shared<MemoryTensors>(std::map<std::string, Tensor>{});
  files.config = nullptr;
  expect_nobodys(files, "an empty file without settings");
  for (const ModelSettings& settings : known_settings())
    if (settings.kind != it.subject.kind)
      expect_nobodys(settings.files(), "the settings of another kind of model, " + settings.name + ",");
  return "";
});

const auto check_missing = for_models([](const auto& factory, const Case& it) -> std::string {
  for (const ModelSample& sample : model_samples(factory, it))
    for (const std::string& name : some_names(sample, it.seed)) {
      auto tensors = sample.tensors;
      tensors.erase(name);
      expect_told(factory, sample, sample.with(tensors), name, "without");
    }
  return "";
});

const auto check_left_over = for_models([](const auto& factory, const Case& it) -> std::string {
  for (const ModelSample& sample : model_samples(factory, it))
    for (const std::string& name : some_names(sample, it.seed)) {
      auto tensors = sample.tensors;
      const std::string stranger = name.substr(0, name.rfind('.')) + ".left_over_by_the_checker";
      tensors[stranger] = at::ones({3});
      expect_told(factory, sample, sample.with(tensors), stranger, "with the further tensor", true);
    }
  return "";
});

const auto check_shapes = for_models([](const auto& factory, const Case& it) -> std::string {
  for (const ModelSample& sample : model_samples(factory, it))
    for (const std::string& name : some_names(sample, it.seed)) {
      auto tensors = sample.tensors;
      tensors[name] = at::ones({tensors[name].numel() + 1});
      expect_told(factory, sample, sample.with(tensors), name, "with another shape of");
    }
  return "";
});

const auto check_damaged_config = for_models([](const auto& factory, const Case& it) -> std::string {
  const Json wrong_values = {-8, 1e18, "three", nullptr, Json::object(), Json::array(), Json::array({-1, 1e18, "x"})};
  size_t refused = 0;
  for (const ModelSample& sample : model_samples(factory, it))
    for (const auto& member : sample.files.config.items())
      for (const Json& wrong : wrong_values) {
        ModelFiles files = sample.files;
        files.config[member.key()] = wrong;
        const auto error = refusal([&] { factory.recognise(files); });
        if (!error) continue;
        ++refused;
        expect(error->code() == ErrorCode::bad_weights || error->code() == ErrorCode::unsupported,
               sample.name + " with " + member.key() + " = " + dump_json(wrong) + " threw Error(" +
                   to_string(error->code()) + "), not Error(bad_weights): " + error->what());
      }
  return std::to_string(refused) + " wrong values refused";
});

const auto check_not_finite = for_models([](const auto& factory, const Case& it) -> std::string {
  const ModelSample sample = model_samples(factory, it).front();
  for (const std::string& name : some_names(sample, it.seed)) {
    if (sample.tensors.at(name).dim() < 2) continue;  // matrices and kernels: what a LoRA changes too
    ModelSample damaged = sample;
    damaged.tensors[name] = at::full_like(sample.tensors.at(name), std::numeric_limits<float>::quiet_NaN());
    damaged.files = sample.with(damaged.tensors);
    const Error error = expect_refusal(ErrorCode::bad_weights, sample.name + " with NaN in '" + name + "'",
                                       [&] { outputs_of(*load(factory, damaged), {it.seed}); });
    const std::string text = error.what();
    expect(text.find(name) != std::string::npos || text.find(canonical_name(sample, name)) != std::string::npos,
           "the refusal of NaN in '" + name + "' does not name the tensor: " + text);
  }
  return "";
});

}  // namespace

std::vector<Check> recognition_checks() {
  const std::vector<std::string> models = names_of(PartFactories());
  return {
      {"model/recognised",
       "recognise() takes settings of its architecture for its own, lists every parameter with the tensor that it "
       "comes from, and finds no fault in a file with all of them.",
       "Fill Recognition with match_parameters(). For an architecture that the checker has no settings of, give the "
       "folder of a small config.json with --config FOLDER.",
       "", models, check_recognised},
      {"model/foreign",
       "Files of nobody and settings of another kind of model are not recognised, and nothing is thrown.",
       "Return std::nullopt unless config.json names your class, or the index has names that only your architecture "
       "has.",
       "model/recognised", models, check_foreign},
      {"model/missing-named", "A tensor that is not there is a fault that names it.",
       "Put every parameter of the architecture on the list that match_parameters() is given.", "model/recognised",
       models, check_missing},
      {"model/left-over-named",
       "A tensor of this part that is not used is a warning that names it, and refuses nothing.",
       "Let passes_over() of match_parameters() say true for those names only that you know and do not need; what else "
       "lies under the part's root, it reports.",
       "model/recognised", models, check_left_over},
      {"model/shape-named", "A tensor of another shape is a fault that names it.",
       "Say the shape of every parameter in WantedParameter::shape.", "model/recognised", models, check_shapes},
      {"model/config-damaged",
       "Each member of config.json may be negative, huge, of another type or missing: that is passed over, a fault, or "
       "Error(bad_weights).",
       "Read config.json with an OptionTable with ranges (UnknownKeys::pass_over) before you make anything of it.",
       "model/recognised", models, check_damaged_config},
      {"model/not-finite",
       "A matrix or kernel that holds NaN is Error(bad_weights) that names it, when it is loaded or first used.",
       "Take weights from ModelWeights::linear(), conv2d() and tensor(), which look at every number.",
       "model/recognised", models, check_not_finite},
  };
}

}  // namespace alice::check
