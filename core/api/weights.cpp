#include "core/api/weights.h"

#include <algorithm>
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

}  // namespace

/// What has been prepared. Patched weights put a layer of their own over the one that they were made from: what a delta
/// touches is kept in the layer, everything else below it.
struct ModelWeights::Cache {
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

PlaceOf config_places(const ModelFiles& files) {
  const bool is_file = !without_tensor_ending(files.place).empty();
  return json_places(files.place + (is_file ? " (settings beside it)" : "/config.json"));
}

ModelWeights::ModelWeights(std::string place, std::shared_ptr<const WeightSource> source,
                           std::vector<Parameter> parameters, std::shared_ptr<const Backend> backend)
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

Tensor ModelWeights::in_file(const std::string& name) const {
  const Parameter& wanted = parameter(name);
  const Tensor whole = source_->tensor(wanted.source);
  if (!fits(whole.sizes().vec(), wanted) || !whole.is_floating_point())
    throw Error(ErrorCode::bad_weights, file_of(*source_, wanted),
                "tensor '" + wanted.source + "' is " + std::string(whole.toString()) + shape_text(whole.sizes().vec()) +
                    ", floating point " + shape_text(shape_in_file(wanted.shape, wanted.form)) + " is needed");
  return in_form(whole, wanted);
}

void ModelWeights::check_finite(const std::string& name, const Tensor& in_file) const {
  const Parameter& wanted = parameter(name);
  if (!all_finite(in_file))
    throw Error(ErrorCode::bad_weights, file_of(*source_, wanted),
                "tensor '" + wanted.source + "' holds NaN or infinite numbers: the file is damaged");
}

Tensor ModelWeights::raw(const std::string& name) const {
  const Tensor tensor = in_file(name);
  check_finite(name, tensor);
  const auto delta = deltas_.find(name);
  return delta == deltas_.end() ? tensor : tensor.to(at::kFloat) + delta->second;
}

template <class Prepare>
PreparedWeightPtr ModelWeights::prepared(const std::string& module, const std::string& use,
                                         const Prepare& prepare) const {
  const std::string weight = module + ".weight", bias = module + ".bias";
  Cache& cache = cache_->of({weight, bias});
  const std::lock_guard<std::mutex> lock(cache.mutex);
  PreparedWeightPtr& kept = cache.modules[{module, use}];
  if (!kept) kept = prepare(raw(weight), contains(bias) ? raw(bias) : Tensor());
  return kept;
}

PreparedWeightPtr ModelWeights::linear(const std::string& module) const {
  return prepared(module, "linear",
                  [&](const Tensor& weight, const Tensor& bias) { return backend_->prepare_linear(weight, bias); });
}

PreparedWeightPtr ModelWeights::conv2d(const std::string& module, const Conv2dShape& shape) const {
  return prepared(module, "conv2d", [&](const Tensor& weight, const Tensor& bias) {
    return backend_->prepare_conv2d(weight, bias, shape);
  });
}

PreparedWeightPtr ModelWeights::upsample_conv2d(const std::string& module) const {
  const FusedProducts* fused = fused_products(*backend_);
  if (!fused) return conv2d(module, {1, 1});
  return prepared(module, "upsample_conv2d", [&](const Tensor& weight, const Tensor& bias) {
    return fused->prepare_upsample_conv2d(weight, bias);
  });
}

Tensor ModelWeights::tensor(const std::string& parameter) const {
  Cache& cache = cache_->of({parameter});
  const std::lock_guard<std::mutex> lock(cache.mutex);
  Tensor& kept = cache.tensors[parameter];
  if (!kept.defined())  // a copy: the raw tensor may be a view of a file that somebody overwrites later
    kept =
        raw(parameter)
            .to(at::TensorOptions(backend_->device()).dtype(backend_->dtype()), /*non_blocking=*/false, /*copy=*/true)
            .contiguous();
  return kept;
}

Tensor ModelWeights::rows(const std::string& parameter, const Tensor& ids) const {
  const Tensor whole = in_file(parameter);
  Cache& cache = cache_->of({parameter});
  {
    const std::lock_guard<std::mutex> lock(cache.mutex);
    if (cache.finite.count(parameter) == 0) check_finite(parameter, whole);
    cache.finite.insert(parameter);
  }
  Tensor rows = whole.index_select(0, ids);
  const auto delta = deltas_.find(parameter);
  if (delta != deltas_.end()) rows = rows.to(at::kFloat) + delta->second.index_select(0, ids);
  return rows.to(at::TensorOptions(backend_->device()).dtype(backend_->dtype()));
}

ModelWeights ModelWeights::patched(const Deltas& deltas) const {
  ModelWeights result = *this;
  result.cache_ = std::make_shared<Cache>();
  result.cache_->below = cache_;
  for (const auto& [name, delta] : deltas) {
    const std::vector<int64_t>& needed = parameter(name).shape;
    if (delta.sizes().vec() != needed)
      throw Error(ErrorCode::bad_weights, place_,
                  "a change of '" + name + "' has shape " + shape_text(delta.sizes().vec()) + ", " +
                      shape_text(needed) + " is needed");
    if (!all_finite(delta))
      throw Error(ErrorCode::bad_weights, place_, "a change of '" + name + "' holds NaN or infinite numbers");
    Tensor& sum = result.deltas_[name];
    sum = sum.defined() ? sum + delta : delta;
    result.cache_->touched.insert(name);
  }
  return result;
}

}  // namespace alice
