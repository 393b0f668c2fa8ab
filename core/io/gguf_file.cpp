#include "core/io/gguf_file.h"

#include <string_view>
#include <utility>

#include "core/io/stored_elements.h"

namespace alice {

GgufFile::GgufFile(std::shared_ptr<const MappedFile> mapping, const std::string& place)
    : mapping_(std::move(mapping)),
      header_(read_gguf_header({reinterpret_cast<const char*>(mapping_->data()), mapping_->size()}, place)) {}

Tensor GgufFile::tensor(const std::string& name) const {
  const TensorInfo& info = usable_tensor(header_.index, name);
  const GgufType& type = *header_.types.at(name);
  const std::byte* bytes = mapping_->data() + info.begin;
  const auto give_back = [mapping = mapping_, begin = info.begin, end = info.end] { mapping->give_back(begin, end); };
  if (type.unpack == nullptr) return tensor_of({bytes, info.end - info.begin, info.dtype, info.shape, {}}, give_back);

  Tensor out = at::empty(info.shape, at::kFloat);
  const auto* block = reinterpret_cast<const uint8_t*>(bytes);
  auto* values = out.data_ptr<float>();
  for (size_t left = (info.end - info.begin) / type.block_bytes; left-- > 0; block += type.block_bytes) {
    type.unpack(block, values);
    values += type.block_elements;
  }
  give_back();
  return out;
}

}  // namespace alice
