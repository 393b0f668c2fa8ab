#include "core/api/weights.h"

#include <algorithm>
#include <mutex>
#include <string_view>
#include <utility>

#include "core/api/finite.h"
#include "core/api/fused_products.h"
#include "core/api/parameter_form.h"
#include "core/base/tensor_files.h"

namespace alice {
namespace {

/// The rows and the form that a parameter asks for, as a view of the file's tensor. The file's shape has been checked.
Tensor in_form(Tensor tensor, const Parameter& parameter) {
  if (parameter.stacked) tensor = tensor.narrow(0, parameter.first_row, parameter.shape.at(0));
  return parameter.form == Parameter::Form::transpose ? tensor.t() : tensor.reshape(parameter.shape);
}

/// weight + change in float32, without a float32 weight: of a large one there would be three.
Tensor sum_of(const Tensor& weight, const Tensor& change) {
  constexpr int64_t kAtOnce = 1 << 20;  // numbers
  Tensor sum = at::empty_like(weight, weight.options().dtype(at::kFloat));
  if (weight.numel() <= kAtOnce) return at::add_out(sum, weight.to(at::kFloat), change);
  const int64_t rows = weight.size(0), at_once = std::max<int64_t>(1, kAtOnce * rows / weight.numel());
  for (int64_t row = 0; row < rows; row += at_once) {
    const auto part = [&](const Tensor& whole) { return whole.narrow(0, row, std::min(at_once, rows - row)); };
    Tensor part_of_sum = part(sum);
    at::add_out(part_of_sum, part(weight).to(at::kFloat), part(change));
  }
  return sum;
}

std::string file_of(const WeightSource& source, const Parameter& parameter) {
  const TensorIndex& index = source.index();
  const TensorInfo* info = index.find(parameter.source);
  return info && info->file < index.files.size() ? index.files[info->file] : index.place;
}

/// What has been prepared. Patched weights put a layer of their own over the one that they were made from: what a delta
/// touches is kept in the layer, everything else below it.
struct Cache {
  std::shared_ptr<Cache> below;   // null at the bottom
  std::set<std::string> touched;  // parameters; nothing at the bottom
  std::mutex mutex;               // held while a weight is prepared, so that each is prepared once
  std::map<std::pair<std::string, std::string>, PreparedWeightPtr> modules;  // by name and use
  std::map<std::string, Tensor> tensors;
  std::set<std::string> finite;  // parameters that rows() has checked

  /// The layer that keeps what is made of these parameters.
  Cache& of(const std::vector<std::string>& parameters) {
    Cache* layer = this;
    for (; layer->below; layer = layer->below.get())
      for (const std::string& name : parameters)
        if (layer->touched.count(name)) return *layer;
    return *layer;
  }
};

}  // namespace

PlaceOf config_places(const ModelFiles& files) {
  const bool is_file = !without_tensor_ending(files.place).empty();
  return json_places(files.place + (is_file ? " (settings beside it)" : "/config.json"));
}

struct Delta::State {
  std::vector<int64_t> shape;
  Tensor numbers;  // undefined: `make` makes them
  Make make;
};

Delta::Delta(Tensor numbers) {
  std::vector<int64_t> shape = numbers.sizes().vec();
  state_ = std::make_shared<const State>(State{std::move(shape), std::move(numbers), {}});
}
Delta::Delta(std::vector<int64_t> shape, Make make)
    : state_(std::make_shared<const State>(State{std::move(shape), Tensor(), std::move(make)})) {}
const std::vector<int64_t>& Delta::shape() const { return state_->shape; }

struct ModelWeights::State {
  std::string place;
  std::shared_ptr<const WeightSource> source;
  std::shared_ptr<const std::vector<Parameter>> parameters;
  std::shared_ptr<const std::map<std::string, size_t>> by_name;
  std::shared_ptr<const Backend> backend;
  std::map<std::string, std::vector<Delta>> deltas;  // in the order in which they are added
  std::shared_ptr<Cache> cache;

  bool contains(const std::string& name) const { return by_name->count(name) > 0; }
  const Parameter& parameter(const std::string& name) const;
  Tensor in_file(const std::string& name) const;  // in the file's float dtype and our shape
  void check_finite(const std::string& name, const Tensor& in_file) const;
  void check_shape(const std::string& name, const std::vector<int64_t>& shape) const;  // of a delta
  void check_delta(const std::string& name, const Tensor& change) const;
  Tensor change_of(const std::string& name, const Tensor& in_file) const;  // undefined when there is none
  Tensor raw(const std::string& name) const;  // checked; the file's dtype, or with a delta float32
  template <class Prepare>
  PreparedWeightPtr prepared(const std::string& module, const std::string& use, const Prepare& prepare) const;
};

const Parameter& ModelWeights::State::parameter(const std::string& name) const {
  const auto found = by_name->find(name);
  if (found == by_name->end()) throw Error(ErrorCode::bad_weights, place, "there is no weight '" + name + "'");
  return (*parameters)[found->second];
}

Tensor ModelWeights::State::in_file(const std::string& name) const {
  const Parameter& wanted = parameter(name);
  const Tensor whole = source->tensor(wanted.source);
  if (!fits(whole.sizes().vec(), wanted) || !whole.is_floating_point())
    throw Error(ErrorCode::bad_weights, file_of(*source, wanted),
                "tensor '" + wanted.source + "' is " + std::string(whole.toString()) + shape_text(whole.sizes().vec()) +
                    ", floating point " + shape_text(shape_in_file(wanted.shape, wanted.form)) + " is needed");
  return in_form(whole, wanted);
}

void ModelWeights::State::check_finite(const std::string& name, const Tensor& in_file) const {
  const Parameter& wanted = parameter(name);
  if (!all_finite(in_file))
    throw Error(ErrorCode::bad_weights, file_of(*source, wanted),
                "tensor '" + wanted.source + "' holds NaN or infinite numbers: the file is damaged");
}

void ModelWeights::State::check_shape(const std::string& name, const std::vector<int64_t>& shape) const {
  const std::vector<int64_t>& needed = parameter(name).shape;
  if (shape != needed)
    throw Error(ErrorCode::bad_weights, place,
                "a change of '" + name + "' has shape " + shape_text(shape) + ", " + shape_text(needed) +
                    " is needed");
}

void ModelWeights::State::check_delta(const std::string& name, const Tensor& change) const {
  const auto refuse = [&](const std::string& what) {
    throw Error(ErrorCode::bad_weights, place, "a change of '" + name + "' " + what);
  };
  if (!change.defined() || !change.is_floating_point() || !change.device().is_cpu())
    refuse("is no tensor of floating point numbers in main memory");
  check_shape(name, change.sizes().vec());
  if (!all_finite(change)) refuse("holds NaN or infinite numbers");
}

Tensor ModelWeights::State::change_of(const std::string& name, const Tensor& in_file) const {
  Tensor sum;
  const auto found = deltas.find(name);
  if (found == deltas.end()) return sum;
  for (const Delta& delta : found->second) {
    const bool is_there = delta.state_->numbers.defined();
    const Tensor change = is_there ? delta.state_->numbers : delta.state_->make(in_file);
    if (!is_there) check_delta(name, change);
    sum = sum.defined() ? sum + change : change;
  }
  return sum;
}

Tensor ModelWeights::State::raw(const std::string& name) const {
  const Tensor tensor = in_file(name);
  check_finite(name, tensor);
  const Tensor change = change_of(name, tensor);
  return change.defined() ? sum_of(tensor, change) : tensor;
}

template <class Prepare>
PreparedWeightPtr ModelWeights::State::prepared(const std::string& module, const std::string& use,
                                                const Prepare& prepare) const {
  const std::string weight = module + ".weight", bias = module + ".bias";
  Cache& layer = cache->of({weight, bias});
  const std::lock_guard<std::mutex> lock(layer.mutex);
  PreparedWeightPtr& kept = layer.modules[{module, use}];
  if (!kept) kept = prepare(raw(weight), contains(bias) ? raw(bias) : Tensor());
  return kept;
}

ModelWeights::ModelWeights(std::shared_ptr<const State> state) : state_(std::move(state)) {}

ModelWeights::ModelWeights(std::string place, std::shared_ptr<const WeightSource> source,
                           std::vector<Parameter> parameters, std::shared_ptr<const Backend> backend) {
  std::map<std::string, size_t> by_name;
  for (size_t i = 0; i < parameters.size(); ++i) by_name[parameters[i].name] = i;
  State state;
  state.place = std::move(place);
  state.source = std::move(source);
  state.parameters = std::make_shared<const std::vector<Parameter>>(std::move(parameters));
  state.by_name = std::make_shared<const std::map<std::string, size_t>>(std::move(by_name));
  state.backend = std::move(backend);
  state.cache = std::make_shared<Cache>();
  state_ = std::make_shared<const State>(std::move(state));
}

const Backend& ModelWeights::backend() const { return *state_->backend; }
std::shared_ptr<const Backend> ModelWeights::backend_ptr() const { return state_->backend; }
const std::vector<Parameter>& ModelWeights::parameters() const { return *state_->parameters; }
bool ModelWeights::contains(const std::string& parameter) const { return state_->contains(parameter); }

PreparedWeightPtr ModelWeights::linear(const std::string& module) const {
  return state_->prepared(module, "linear", [&](const Tensor& weight, const Tensor& bias) {
    return backend().prepare_linear(weight, bias);
  });
}

PreparedWeightPtr ModelWeights::conv2d(const std::string& module, const Conv2dShape& shape) const {
  return state_->prepared(module, "conv2d", [&](const Tensor& weight, const Tensor& bias) {
    return backend().prepare_conv2d(weight, bias, shape);
  });
}

PreparedWeightPtr ModelWeights::upsample_conv2d(const std::string& module) const {
  const FusedProducts* fused = fused_products(backend());
  if (!fused) return conv2d(module, {1, 1});
  return state_->prepared(module, "upsample_conv2d", [&](const Tensor& weight, const Tensor& bias) {
    return fused->prepare_upsample_conv2d(weight, bias);
  });
}

Tensor ModelWeights::tensor(const std::string& parameter) const {
  Cache& layer = state_->cache->of({parameter});
  const std::lock_guard<std::mutex> lock(layer.mutex);
  Tensor& kept = layer.tensors[parameter];
  if (!kept.defined())  // a copy: the raw tensor may be a view of a file that somebody overwrites later
    kept = state_->raw(parameter)
               .to(at::TensorOptions(backend().device()).dtype(backend().dtype()), /*non_blocking=*/false,
                   /*copy=*/true)
               .contiguous();
  return kept;
}

Tensor ModelWeights::rows(const std::string& parameter, const Tensor& ids) const {
  const Tensor whole = state_->in_file(parameter);
  Cache& layer = state_->cache->of({parameter});
  {
    const std::lock_guard<std::mutex> lock(layer.mutex);
    if (layer.finite.count(parameter) == 0) state_->check_finite(parameter, whole);
    layer.finite.insert(parameter);
  }
  Tensor rows = whole.index_select(0, ids);
  const Tensor change = state_->change_of(parameter, whole);
  if (change.defined()) rows = rows.to(at::kFloat) + change.index_select(0, ids);
  return rows.to(at::TensorOptions(backend().device()).dtype(backend().dtype()));
}

ModelWeights ModelWeights::patched(const Deltas& deltas) const {
  State changed = *state_;
  changed.cache = std::make_shared<Cache>();
  changed.cache->below = state_->cache;
  for (const auto& [name, delta] : deltas) {
    state_->check_shape(name, delta.shape());
    if (delta.state_->numbers.defined()) state_->check_delta(name, delta.state_->numbers);
    changed.deltas[name].push_back(delta);
    changed.cache->touched.insert(name);
  }
  return ModelWeights(std::make_shared<const State>(std::move(changed)));
}

}  // namespace alice
