#include "core/io/safetensors_file.h"

#include <string_view>
#include <utility>

#include "core/base/safetensors_header.h"
#include "core/io/stored_elements.h"

namespace alice {

SafetensorsFile::SafetensorsFile(std::shared_ptr<const MappedFile> mapping, const std::string& place)
    : mapping_(std::move(mapping)),
      index_(parse_safetensors_header({reinterpret_cast<const char*>(mapping_->data()), mapping_->size()},
                                      mapping_->size(), place)) {}

std::shared_ptr<const SafetensorsFile> SafetensorsFile::open(const std::filesystem::path& file) {
  return of(MappedFile::open(file), file.string());
}

std::shared_ptr<const SafetensorsFile> SafetensorsFile::of(std::shared_ptr<const MappedFile> mapping,
                                                           const std::string& place) {
  return std::shared_ptr<const SafetensorsFile>(new SafetensorsFile(std::move(mapping), place));
}

Tensor SafetensorsFile::tensor(const std::string& name) const {
  const TensorInfo& info = usable_tensor(index_, name);
  const auto give_back = [mapping = mapping_, begin = info.begin, end = info.end] { mapping->give_back(begin, end); };
  return tensor_of({mapping_->data() + info.begin, info.end - info.begin, info.dtype, info.shape, {}}, give_back);
}

}  // namespace alice
