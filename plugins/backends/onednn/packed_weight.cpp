#include "plugins/backends/onednn/packed_weight.h"

#include "plugins/backends/onednn/weight_memory.h"

namespace alice::onednn {
namespace {

constexpr size_t kForms = 2;

PackedWeight::Packed reordered(const dnnl::memory& from, const dnnl::memory::desc& wanted) {
  const Tensor bytes = weight_memory({static_cast<int64_t>(wanted.get_size())}, at::kByte);
  dnnl::memory memory(wanted, engine(), bytes.data_ptr());
  dnnl::stream stream(engine());
  dnnl::reorder(from, memory).execute(stream, const_cast<dnnl::memory&>(from), memory);
  stream.wait();
  return {memory, bytes};
}

at::ScalarType type_of(const dnnl::memory::desc& layout) {
  switch (layout.data_type()) {
    case dnnl::memory::data_type::s8: return at::kChar;
    case dnnl::memory::data_type::bf16: return at::kBFloat16;
    default: return at::kFloat;
  }
}

}  // namespace

const dnnl::engine& engine() {
  static const dnnl::engine cpu(dnnl::engine::kind::cpu, 0);
  return cpu;
}

dnnl::memory::data_type data_type(at::ScalarType type) {
  switch (type) {
    case at::kChar: return dnnl::memory::data_type::s8;
    case at::kBFloat16: return dnnl::memory::data_type::bf16;
    default: return dnnl::memory::data_type::f32;
  }
}

PackedWeight::PackedWeight(Tensor weight, Tensor bias, bool is_product)
    : PackedWeight(weight, std::move(bias), is_product, weight.scalar_type(), std::nullopt) {}

PackedWeight::PackedWeight(RoundedWeight weight, Tensor bias, bool is_product, at::ScalarType dtype)
    : PackedWeight(weight.integers, std::move(bias), is_product, dtype, weight.rounding) {}

PackedWeight::PackedWeight(Tensor weight, Tensor bias, bool is_product, at::ScalarType dtype,
                           std::optional<WeightRounding> rounding)
    : PreparedWeight({}, std::move(bias)),
      is_product_(is_product),
      shape_(weight.sizes().vec()),
      dtype_(dtype),
      bias_float_(bias_.defined() ? bias_.to(at::kFloat) : Tensor()),
      rounding_(std::move(rounding)) {
  forms_.push_back({dnnl::memory(plain_layout(weight.scalar_type()), engine(), weight.data_ptr()), weight});
}

dnnl::memory::desc PackedWeight::plain_layout(at::ScalarType type) const {
  if (is_product_) return {{inputs(), outputs()}, data_type(type), dnnl::memory::format_tag::ba};
  return {shape_, data_type(type), dnnl::memory::format_tag::oihw};
}

Tensor PackedWeight::plain(const Packed& form) const {
  const at::ScalarType type = type_of(form.memory.get_desc());
  const dnnl::memory::desc layout = plain_layout(type);
  const Tensor bytes = form.memory.get_desc() == layout ? form.bytes : reordered(form.memory, layout).bytes;
  return (bytes.scalar_type() == type ? bytes : bytes.view(type)).view(shape_);
}

Tensor PackedWeight::plain(at::ScalarType type) const {
  for (const Packed& form : forms_)
    if (type_of(form.memory.get_desc()) == type) return plain(form);
  const Tensor other = plain(forms_[0]);
  return type == at::kChar ? to_integers(other, *rounding_) : to_values(other, *rounding_, type);
}

PackedWeight::Packed PackedWeight::made(const dnnl::memory::desc& wanted) const {
  const at::ScalarType type = type_of(wanted);
  for (const Packed& form : forms_)
    if (type_of(form.memory.get_desc()) == type) return reordered(form.memory, wanted);
  const Tensor values = plain(type);
  return reordered(dnnl::memory(plain_layout(type), engine(), values.data_ptr()), wanted);
}

PackedWeight::Packed PackedWeight::in_layout(const dnnl::memory::desc& wanted) const {
  const std::lock_guard<std::mutex> lock(mutex_);
  for (size_t i = 0; i < forms_.size(); ++i)
    if (forms_[i].memory.get_desc() == wanted) {
      std::swap(forms_[0], forms_[i]);
      return forms_[0];
    }
  const dnnl::memory::desc last = forms_[0].memory.get_desc();
  const bool is_first = forms_.size() == 1 && last == plain_layout(type_of(last));
  forms_.insert(forms_.begin(), made(wanted));
  if (is_first || forms_.size() > kForms) forms_.pop_back();
  return forms_[0];
}

Tensor PackedWeight::weight() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return plain(dtype_);
}

}  // namespace alice::onednn
