#include "core/api/weights.h"

#include <algorithm>
#include <string_view>
#include <utility>

namespace alice {
namespace {

/// Is there a number whose exponent bits are all ones: NaN or an infinity?
template <class Bits>
bool has_special(const Tensor& tensor, Bits exponent) {
  const auto* numbers = static_cast<const Bits*>(tensor.data_ptr());
  return std::any_of(numbers, numbers + tensor.numel(), [exponent](Bits bits) { return (bits & exponent) == exponent; });
}

/// By bits: libtorch 1.13 has no reduction of float16 on the CPU.
bool all_finite(const Tensor& tensor) {
  const Tensor packed = tensor.contiguous();
  switch (packed.scalar_type()) {
    case at::kHalf: return !has_special<uint16_t>(packed, 0x7C00);
    case at::kBFloat16: return !has_special<uint16_t>(packed, 0x7F80);
    case at::kFloat: return !has_special<uint32_t>(packed, 0x7F800000);
    case at::kDouble: return !has_special<uint64_t>(packed, 0x7FF0000000000000);
    default: return false;  // not reached: every floating point type of a tensor file is above
  }
}

/// The rows and the form that a parameter asks for, as a view of the file's tensor. The file's shape has been checked.
Tensor in_form(Tensor tensor, const Parameter& parameter) {
  if (parameter.stacked) tensor = tensor.narrow(0, parameter.first_row, parameter.shape.at(0));
  return parameter.form == Parameter::Form::transpose ? tensor.t() : tensor.reshape(parameter.shape);
}

/// The shape that a file must have for a parameter of `shape`; of a stacked tensor, that of the parameter's own rows.
std::vector<int64_t> shape_in_file(std::vector<int64_t> shape, Parameter::Form form) {
  switch (form) {
    case Parameter::Form::as_is: break;
    case Parameter::Form::flatten_1x1: shape.insert(shape.end(), {1, 1}); break;
    case Parameter::Form::expand_1x1: shape.resize(2); break;
    case Parameter::Form::transpose: std::swap(shape.at(0), shape.at(1)); break;
  }
  return shape;
}

bool fits(const std::vector<int64_t>& in_file, const Parameter& parameter) {
  std::vector<int64_t> needed = shape_in_file(parameter.shape, parameter.form);
  if (!parameter.stacked) return in_file == needed;
  if (in_file.size() != needed.size() || in_file[0] < parameter.first_row + needed[0]) return false;
  needed[0] = in_file[0];
  return in_file == needed;
}

bool is_float(DType dtype) {
  return dtype == DType::f64 || dtype == DType::f32 || dtype == DType::f16 || dtype == DType::bf16;
}

}  // namespace

/// What has been prepared. Patched weights put a layer of their own over the one that they were made from: what a delta touches
/// is kept in the layer, everything else below it.
struct ModelWeights::Cache {
  std::shared_ptr<Cache> below;   // null at the bottom
  std::set<std::string> touched;  // parameters; nothing at the bottom
  std::mutex mutex;               // held while a weight is prepared, so that each is prepared once
  std::map<std::string, PreparedWeightPtr> modules;
  std::map<std::string, Tensor> tensors;

  /// The layer that keeps what is made of these parameters.
  Cache& of(const std::vector<std::string>& parameters) {
    Cache* layer = this;
    for (; layer->below; layer = layer->below.get())
      for (const std::string& name : parameters)
        if (layer->touched.count(name)) return *layer;
    return *layer;
  }
};

PlaceOf config_places(const ModelFiles& files) {
  constexpr std::string_view kFile = ".safetensors";
  const bool is_file = files.place.size() >= kFile.size() &&
                       files.place.compare(files.place.size() - kFile.size(), kFile.size(), kFile) == 0;
  return json_places(files.place + (is_file ? " (settings beside it)" : "/config.json"));
}

ModelWeights::ModelWeights(std::string place, std::shared_ptr<const WeightSource> source, std::vector<Parameter> parameters,
                           std::shared_ptr<const Backend> backend)
    : place_(std::move(place)),
      source_(std::move(source)),
      parameters_(std::make_shared<const std::vector<Parameter>>(std::move(parameters))),
      backend_(std::move(backend)),
      cache_(std::make_shared<Cache>()) {
  std::map<std::string, size_t> by_name;
  for (size_t i = 0; i < parameters_->size(); ++i) by_name[(*parameters_)[i].name] = i;
  by_name_ = std::make_shared<const std::map<std::string, size_t>>(std::move(by_name));
}

bool ModelWeights::contains(const std::string& parameter) const { return by_name_->count(parameter) > 0; }

const Parameter& ModelWeights::parameter(const std::string& name) const {
  const auto found = by_name_->find(name);
  if (found == by_name_->end()) throw Error(ErrorCode::bad_weights, place_, "there is no weight '" + name + "'");
  return (*parameters_)[found->second];
}

Tensor ModelWeights::raw(const std::string& name) const {
  const Parameter& wanted = parameter(name);
  const Tensor whole = source_->tensor(wanted.source);
  const TensorIndex& index = source_->index();
  const TensorInfo* info = index.find(wanted.source);
  const std::string file = info && info->file < index.files.size() ? index.files[info->file] : index.place;
  if (!fits(whole.sizes().vec(), wanted) || !whole.is_floating_point())
    throw Error(ErrorCode::bad_weights, file,
                "tensor '" + wanted.source + "' is " + std::string(whole.toString()) + shape_text(whole.sizes().vec()) +
                    ", floating point " + shape_text(shape_in_file(wanted.shape, wanted.form)) + " is needed");
  const Tensor tensor = in_form(whole, wanted);
  if (!all_finite(tensor))
    throw Error(ErrorCode::bad_weights, file, "tensor '" + wanted.source + "' holds NaN or infinite numbers: the file is damaged");
  const auto delta = deltas_.find(name);
  return delta == deltas_.end() ? tensor : tensor.to(at::kFloat) + delta->second;
}

template <class Prepare>
PreparedWeightPtr ModelWeights::prepared(const std::string& module, const Prepare& prepare) const {
  const std::string weight = module + ".weight", bias = module + ".bias";
  Cache& cache = cache_->of({weight, bias});
  const std::lock_guard<std::mutex> lock(cache.mutex);
  PreparedWeightPtr& kept = cache.modules[module];
  if (!kept) kept = prepare(raw(weight), contains(bias) ? raw(bias) : Tensor());
  return kept;
}

PreparedWeightPtr ModelWeights::linear(const std::string& module) const {
  return prepared(module, [&](const Tensor& weight, const Tensor& bias) { return backend_->prepare_linear(weight, bias); });
}

PreparedWeightPtr ModelWeights::conv2d(const std::string& module, const Conv2dShape& shape) const {
  return prepared(module,
                  [&](const Tensor& weight, const Tensor& bias) { return backend_->prepare_conv2d(weight, bias, shape); });
}

Tensor ModelWeights::tensor(const std::string& parameter) const {
  Cache& cache = cache_->of({parameter});
  const std::lock_guard<std::mutex> lock(cache.mutex);
  Tensor& kept = cache.tensors[parameter];
  if (!kept.defined())  // a copy: the raw tensor may be a view of a file that somebody overwrites later
    kept = raw(parameter)
               .to(at::TensorOptions(backend_->device()).dtype(backend_->dtype()), /*non_blocking=*/false, /*copy=*/true)
               .contiguous();
  return kept;
}

ModelWeights ModelWeights::patched(const Deltas& deltas) const {
  ModelWeights result = *this;
  result.cache_ = std::make_shared<Cache>();
  result.cache_->below = cache_;
  for (const auto& [name, delta] : deltas) {
    const std::vector<int64_t>& needed = parameter(name).shape;
    if (delta.sizes().vec() != needed)
      throw Error(ErrorCode::bad_weights, place_,
                  "a change of '" + name + "' has shape " + shape_text(delta.sizes().vec()) + ", " + shape_text(needed) + " is needed");
    if (!all_finite(delta))
      throw Error(ErrorCode::bad_weights, place_, "a change of '" + name + "' holds NaN or infinite numbers");
    Tensor& sum = result.deltas_[name];
    sum = sum.defined() ? sum + delta : delta;
    result.cache_->touched.insert(name);
  }
  return result;
}

namespace {

/// Adds the first few faults of a kind in full and counts the rest: a file of another model lacks hundreds of tensors.
class FaultList {
 public:
  FaultList(std::vector<Fault>& faults, std::string place, std::string rest)
      : faults_(faults), place_(std::move(place)), rest_(std::move(rest)) {}
  ~FaultList() {
    if (count_ > kShown) faults_.push_back({place_, "and " + std::to_string(count_ - kShown) + " more tensors " + rest_});
  }
  void add(const std::string& sentence) {
    if (++count_ <= kShown) faults_.push_back({place_, sentence});
  }

 private:
  static constexpr size_t kShown = 8;
  std::vector<Fault>& faults_;
  std::string place_, rest_;
  size_t count_ = 0;
};

Parameter from_source(const WantedParameter& wanted, const WantedParameter::Source& source) {
  Parameter parameter;
  parameter.name = wanted.name;
  parameter.shape = wanted.shape;
  parameter.source = source.name;
  parameter.form = source.form;
  parameter.first_row = source.first_row;
  parameter.stacked = source.stacked;
  return parameter;
}

/// The first source that the index has in the shape that is needed, else the first that it has at all, else null.
const WantedParameter::Source* choose(const TensorIndex& index, const WantedParameter& wanted) {
  const WantedParameter::Source* present = nullptr;
  for (const auto& source : wanted.sources)
    if (const TensorInfo* info = index.find(source.name)) {
      if (fits(info->shape, from_source(wanted, source))) return &source;
      if (!present) present = &source;
    }
  return present;
}

/// The layout that most of the wanted parameters are found in; "" when none is found.
std::string common_layout(const TensorIndex& index, const std::vector<WantedParameter>& wanted) {
  std::map<std::string, size_t> votes;
  for (const WantedParameter& parameter : wanted)
    if (const auto* source = choose(index, parameter)) ++votes[source->layout];
  std::string layout;
  for (const auto& [name, count] : votes)
    if (layout.empty() || count > votes[layout]) layout = name;
  return layout;
}

/// The source under `layout`, or the first there is.
const WantedParameter::Source* source_in(const WantedParameter& wanted, const std::string& layout) {
  for (const auto& source : wanted.sources)
    if (source.layout == layout) return &source;
  return wanted.sources.empty() ? nullptr : &wanted.sources.front();
}

void add_facts(const TensorIndex& index, Recognition& recognition) {
  int64_t numbers = 0;
  std::set<std::string> dtypes;
  for (const Parameter& parameter : recognition.parameters) {
    int64_t elements = 1;
    for (int64_t side : parameter.shape) elements *= side;
    numbers += elements;
    dtypes.insert(to_string(index.find(parameter.source)->dtype));
  }
  recognition.facts["parameters"] = numbers;
  recognition.facts["dtypes"] = dtypes;
}

std::string ldm_alias(const WantedParameter& wanted) {
  const auto* source = source_in(wanted, "ldm");
  return source && source->layout == "ldm" && !source->stacked ? source->name : "";
}

}  // namespace

void match_parameters(const TensorIndex& index, const std::vector<WantedParameter>& wanted,
                      const std::function<bool(const std::string&)>& belongs,
                      const std::function<bool(const std::string&)>& passes_over, Recognition& recognition) {
  FaultList missing(recognition.faults, index.place, "are missing");
  FaultList misfits(recognition.faults, index.place, "do not fit");
  FaultList left_over(recognition.faults, index.place, "are left over");
  recognition.layout = common_layout(index, wanted);
  std::set<std::string> used;
  std::map<std::string, int64_t> rows_used;  // of stacked tensors

  for (const WantedParameter& parameter : wanted) {
    const auto* source = choose(index, parameter);
    if (!source) {
      const auto* expected = source_in(parameter, recognition.layout);
      missing.add("tensor '" + (expected ? expected->name : parameter.name) + "' is missing: " +
                  shape_text(expected ? shape_in_file(parameter.shape, expected->form) : parameter.shape) + " is needed");
      continue;
    }
    Parameter found = from_source(parameter, *source);
    found.alias = ldm_alias(parameter);
    const TensorInfo& info = *index.find(source->name);
    used.insert(info.name);
    if (found.stacked) rows_used[info.name] = std::max(rows_used[info.name], found.first_row + found.shape.at(0));
    if (!fits(info.shape, found))
      misfits.add("tensor '" + info.name + "' has shape " + shape_text(info.shape) + ", " +
                  shape_text(shape_in_file(found.shape, found.form)) + (found.stacked ? " for each part is" : " is") + " needed");
    else if (!is_float(info.dtype))
      misfits.add("tensor '" + info.name + "' has the type " + to_string(info.dtype) + ", floating point is needed");
    recognition.parameters.push_back(std::move(found));
  }
  for (const auto& [name, rows] : rows_used)
    if (const TensorInfo& info = *index.find(name); !info.shape.empty() && info.shape[0] > rows)
      misfits.add("tensor '" + name + "' has " + std::to_string(info.shape[0]) + " rows, " + std::to_string(rows) + " are needed");
  for (const auto& [name, info] : index.tensors) {
    if (!used.count(name) && !belongs(name)) continue;
    recognition.claimed.insert(name);
    if (!used.count(name) && !passes_over(name))
      left_over.add("tensor '" + name + "' " + shape_text(info.shape) + " is left over: this architecture has no such weight");
  }
  add_facts(index, recognition);
}

}  // namespace alice
