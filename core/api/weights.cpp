#include "core/api/weights.h"

#include <algorithm>
#include <mutex>
#include <string_view>
#include <utility>

#include "core/api/fused_products.h"
#include "core/api/parameter_form.h"
#include "core/base/tensor_files.h"

namespace alice {
namespace {

/// Is there a number whose exponent bits are all ones: NaN or an infinity?
template <class Bits>
bool has_special(const Tensor& tensor, Bits exponent) {
  const auto* numbers = static_cast<const Bits*>(tensor.data_ptr());
  return std::any_of(numbers, numbers + tensor.numel(),
                     [exponent](Bits bits) { return (bits & exponent) == exponent; });
}

/// Without the repetitions of an expanded tensor.
Tensor each_number_once(Tensor tensor) {
  for (int64_t d = 0; d < tensor.dim(); ++d)
    if (tensor.stride(d) == 0 && tensor.size(d) > 1) tensor = tensor.narrow(d, 0, 1);
  return tensor;
}

/// By bits: libtorch 1.13 has no reduction of float16 on the CPU.
bool all_finite(const Tensor& tensor) {
  const Tensor packed = each_number_once(tensor).contiguous();
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

struct ModelWeights::State {
  std::string place;
  std::shared_ptr<const WeightSource> source;
  std::shared_ptr<const std::vector<Parameter>> parameters;
  std::shared_ptr<const std::map<std::string, size_t>> by_name;
  std::shared_ptr<const Backend> backend;
  Deltas deltas;
  std::shared_ptr<Cache> cache;

  bool contains(const std::string& name) const { return by_name->count(name) > 0; }
  const Parameter& parameter(const std::string& name) const;
  Tensor in_file(const std::string& name) const;  // in the file's float dtype and our shape
  void check_finite(const std::string& name, const Tensor& in_file) const;
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

Tensor ModelWeights::State::raw(const std::string& name) const {
  const Tensor tensor = in_file(name);
  check_finite(name, tensor);
  const auto delta = deltas.find(name);
  return delta == deltas.end() ? tensor : tensor.to(at::kFloat) + delta->second;
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
  const auto delta = state_->deltas.find(parameter);
  if (delta != state_->deltas.end()) rows = rows.to(at::kFloat) + delta->second.index_select(0, ids);
  return rows.to(at::TensorOptions(backend().device()).dtype(backend().dtype()));
}

ModelWeights ModelWeights::patched(const Deltas& deltas) const {
  State changed = *state_;
  changed.cache = std::make_shared<Cache>();
  changed.cache->below = state_->cache;
  for (const auto& [name, delta] : deltas) {
    const std::vector<int64_t>& needed = state_->parameter(name).shape;
    if (delta.sizes().vec() != needed)
      throw Error(ErrorCode::bad_weights, state_->place,
                  "a change of '" + name + "' has shape " + shape_text(delta.sizes().vec()) + ", " +
                      shape_text(needed) + " is needed");
    if (!all_finite(delta))
      throw Error(ErrorCode::bad_weights, state_->place, "a change of '" + name + "' holds NaN or infinite numbers");
    Tensor& sum = changed.deltas[name];
    sum = sum.defined() ? sum + delta : delta;
    changed.cache->touched.insert(name);
  }
  return ModelWeights(std::make_shared<const State>(std::move(changed)));
}

}  // namespace alice
