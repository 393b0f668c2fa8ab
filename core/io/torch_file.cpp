#include "core/io/torch_file.h"

#include <string_view>
#include <utility>

#include "core/base/one_line.h"
#include "core/io/inflate.h"
#include "core/io/stored_elements.h"
#include "core/io/torch_container.h"

namespace alice {
namespace {

Fault passed_over(const TorchContents& contents, const std::string& place) {
  std::string names;
  for (const std::string& name : contents.passed_over) names += (names.empty() ? "" : ", ") + on_one_line(name);
  if (contents.passed_over_count > contents.passed_over.size()) names += ", ...";
  const bool is_one = contents.passed_over_count == 1;
  return {place, std::to_string(contents.passed_over_count) +
                     (is_one ? " entry that is no tensor of a state dictionary was"
                             : " entries that are no tensors of a state dictionary were") +
                     " passed over: " + names};
}

TensorInfo info_of(const std::string& name, const TorchTensor& tensor, const ZipEntry& storage) {
  TensorInfo info;
  info.name = name;
  info.dtype = tensor.dtype;
  info.other_dtype = tensor.other_dtype;
  info.shape = tensor.shape;
  info.begin = info.end = storage.begin;
  if (tensor.elements == 0) return info;
  info.begin = storage.deflated ? storage.begin : storage.begin + tensor.first * tensor.element_bytes;
  info.end = storage.begin + (storage.deflated ? storage.packed : tensor.behind * tensor.element_bytes);
  return info;
}

}  // namespace

TorchFile::TorchFile(std::shared_ptr<const MappedFile> mapping, TorchContents contents, Storages storages,
                     const std::string& place)
    : mapping_(std::move(mapping)), tensors_(std::move(contents.tensors)), storages_(std::move(storages)) {
  index_.place = place;
  index_.files = {place};
  for (const auto& [name, tensor] : tensors_)
    index_.tensors.emplace_hint(index_.tensors.end(), name, info_of(name, tensor, storages_.at(tensor.storage)));
  if (contents.passed_over_count > 0) warnings_.push_back(passed_over(contents, place));
}

std::shared_ptr<const TorchFile> TorchFile::of(std::shared_ptr<const MappedFile> mapping, const std::string& place,
                                               bool begins_as_zip) {
  const std::string_view bytes(reinterpret_cast<const char*>(mapping->data()), mapping->size());
  TorchContainer container = begins_as_zip ? read_torch_zip(bytes, place) : read_torch_legacy(bytes, place);
  return std::shared_ptr<const TorchFile>(
      new TorchFile(std::move(mapping), std::move(container.contents), std::move(container.storages), place));
}

Tensor TorchFile::tensor(const std::string& name) const {
  const TensorInfo& info = usable_tensor(index_, name);
  const TorchTensor& tensor = tensors_.at(name);
  const ZipEntry& storage = storages_.at(tensor.storage);
  if (tensor.elements == 0) return tensor_of({nullptr, 0, info.dtype, info.shape, {}}, [] {});
  StoredElements elements{nullptr, (tensor.behind - tensor.first) * tensor.element_bytes, info.dtype, info.shape,
                          tensor.strides};
  if (!storage.deflated) {
    elements.first = mapping_->data() + info.begin;
    return tensor_of(elements,
                     [mapping = mapping_, begin = info.begin, end = info.end] { mapping->give_back(begin, end); });
  }
  const std::string_view packed(reinterpret_cast<const char*>(mapping_->data()) + storage.begin, storage.packed);
  const auto unpacked = std::make_shared<const std::string>(inflate(packed, storage.size, storage.crc32, index_.place));
  elements.first = reinterpret_cast<const std::byte*>(unpacked->data()) + tensor.first * tensor.element_bytes;
  return tensor_of(elements, [unpacked] {});
}

}  // namespace alice
