#include "plugins/backends/onednn/packed_weight.h"

#include "plugins/backends/onednn/weight_memory.h"

namespace alice::onednn {
namespace {

constexpr size_t kForms = 2;

PackedWeight::Packed reordered(const PackedWeight::Packed& from, const dnnl::memory::desc& wanted) {
  const Tensor bytes = weight_memory({static_cast<int64_t>(wanted.get_size())}, at::kByte);
  dnnl::memory memory(wanted, engine(), bytes.data_ptr());
  dnnl::stream stream(engine());
  dnnl::reorder(from.memory, memory).execute(stream, const_cast<dnnl::memory&>(from.memory), memory);
  stream.wait();
  return {memory, bytes};
}

}  // namespace

const dnnl::engine& engine() {
  static const dnnl::engine cpu(dnnl::engine::kind::cpu, 0);
  return cpu;
}

dnnl::memory::data_type data_type(at::ScalarType type) {
  return type == at::kFloat ? dnnl::memory::data_type::f32 : dnnl::memory::data_type::bf16;
}

PackedWeight::PackedWeight(Tensor weight, Tensor bias, bool is_product)
    : PreparedWeight({}, std::move(bias)),
      is_product_(is_product),
      shape_(weight.sizes().vec()),
      dtype_(weight.scalar_type()),
      bias_float_(bias_.defined() ? bias_.to(at::kFloat) : Tensor()) {
  forms_.push_back({dnnl::memory(plain_layout(), engine(), weight.data_ptr()), weight});
}

dnnl::memory::desc PackedWeight::plain_layout() const {
  if (is_product_) return {{inputs(), outputs()}, data_type(dtype_), dnnl::memory::format_tag::ba};
  return {shape_, data_type(dtype_), dnnl::memory::format_tag::oihw};
}

PackedWeight::Packed PackedWeight::in_layout(const dnnl::memory::desc& wanted) const {
  const std::lock_guard<std::mutex> lock(mutex_);
  for (size_t i = 0; i < forms_.size(); ++i)
    if (forms_[i].memory.get_desc() == wanted) {
      std::swap(forms_[0], forms_[i]);
      return forms_[0];
    }
  const bool is_first = forms_.size() == 1 && forms_[0].memory.get_desc() == plain_layout();
  forms_.insert(forms_.begin(), reordered(forms_[0], wanted));
  if (is_first || forms_.size() > kForms) forms_.pop_back();
  return forms_[0];
}

Tensor PackedWeight::weight() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  const Packed& form = forms_[0];
  const Tensor bytes = form.memory.get_desc() == plain_layout() ? form.bytes : reordered(form, plain_layout()).bytes;
  return (bytes.scalar_type() == dtype_ ? bytes : bytes.view(dtype_)).view(shape_);
}

}  // namespace alice::onednn
