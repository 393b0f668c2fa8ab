#include "core/io/safetensors_file.h"

#include <cstdint>
#include <cstring>
#include <string_view>
#include <utility>

#include "core/base/nearest.h"
#include "core/base/safetensors_header.h"
#include "core/io/float8.h"
#include "core/io/scalar_types.h"

namespace alice {
namespace {

static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__,
              "safetensors data is little-endian, and is used as it lies in the file");

TensorIndex index_of(const MappedFile& mapping, const std::string& place) {
  const std::string_view bytes(reinterpret_cast<const char*>(mapping.data()), mapping.size());
  return parse_safetensors_header(bytes, mapping.size(), place);
}

/// Adds the tensors of a further file to `whole`.
void append(TensorIndex part, TensorIndex& whole) {
  for (auto& [name, info] : part.tensors) {
    info.file = whole.files.size();
    const auto [present, added] = whole.tensors.emplace(name, std::move(info));
    if (!added)
      throw Error(ErrorCode::bad_weights, whole.place,
                  "tensor '" + name + "' is in two files: " + whole.files[present->second.file] + " and " + part.place);
  }
  whole.files.push_back(part.place);
  whole.metadata.merge(part.metadata);
}

std::string not_there(const TensorIndex& index, const std::string& name) {
  std::vector<std::string> names;
  for (const auto& [present, info] : index.tensors) names.push_back(present);
  const std::string near = nearest(name, names);
  return "has no tensor '" + name + "'" + (near.empty() ? "" : "; the nearest name is '" + near + "'");
}

bool is_float8(DType dtype) { return dtype == DType::f8_e4m3 || dtype == DType::f8_e5m2; }

/// Weights of eight bits are often kept with a factor beside them (x.scale_weight, x.weight_scale): read without it
/// they would be other numbers.
std::string scale_of(const TensorIndex& index, const std::string& name) {
  constexpr std::string_view kWeight = "weight";
  if (name.size() < kWeight.size() || name.compare(name.size() - kWeight.size(), kWeight.npos, kWeight) != 0) return "";
  const std::string stem = name.substr(0, name.size() - kWeight.size());
  for (const char* scale : {"scale_weight", "weight_scale", "weight_scale_inv"})
    if (index.contains(stem + scale)) return stem + scale;
  return "";
}

/// Throws unless the tensor's values can be read.
void check_usable(const TensorIndex& index, const TensorInfo& info) {
  const std::string& place = index.files[info.file];
  if (info.dtype == DType::other)
    throw Error(ErrorCode::bad_weights, place,
                "tensor '" + info.name + "' has the dtype " + info.other_dtype +
                    ", and is needed; F64, F32, F16, BF16, F8_E4M3, F8_E5M2, I64, I32, I16, I8, U8 and BOOL can be "
                    "read");
  const std::string scale = is_float8(info.dtype) ? scale_of(index, info.name) : "";
  if (!scale.empty())
    throw Error(ErrorCode::unsupported, place,
                "tensor '" + info.name + "' is to be multiplied by '" + scale +
                    "', which is not supported: take the model in F16 or BF16");
}

}  // namespace

std::shared_ptr<const SafetensorsFile> SafetensorsFile::open(const std::filesystem::path& file) {
  return open_shards({file}, file.string());
}

std::shared_ptr<const SafetensorsFile> SafetensorsFile::open_shards(const std::vector<std::filesystem::path>& files,
                                                                    const std::string& place) {
  if (files.empty()) throw Error(ErrorCode::bad_weights, place, "names no file with tensors");
  std::shared_ptr<SafetensorsFile> source(new SafetensorsFile);
  source->index_.place = place;
  for (const std::filesystem::path& file : files) {
    source->mappings_.push_back(MappedFile::open(file));
    append(index_of(*source->mappings_.back(), file.string()), source->index_);
  }
  return source;
}

Tensor SafetensorsFile::tensor(const std::string& name) const {
  const TensorInfo* info = index_.find(name);
  if (info == nullptr) throw Error(ErrorCode::bad_weights, index_.place, not_there(index_, name));
  check_usable(index_, *info);
  // A bool that is neither 0 nor 1 must not be read as one: BOOL goes through bytes.
  const bool boolean = info->dtype == DType::boolean;
  const auto options = at::TensorOptions().dtype(boolean ? at::kByte : scalar_type_of(info->dtype));
  const auto mapping = mappings_[info->file];
  if (info->begin == info->end) return at::empty(info->shape, boolean ? options.dtype(at::kBool) : options);
  const std::byte* bytes = mapping->data() + info->begin;
  if (is_float8(info->dtype)) return half_of_float8(bytes, info->shape, info->dtype);

  Tensor out;
  if (reinterpret_cast<uintptr_t>(bytes) % size_of(info->dtype) == 0) {
    const auto done = [mapping, begin = info->begin, end = info->end](void*) { mapping->give_back(begin, end); };
    // ATen has no const tensors: the cast promises nothing, the pages stay read-only.
    out = at::from_blob(const_cast<std::byte*>(bytes), info->shape, done, options);
  } else {
    out = at::empty(info->shape, options);
    std::memcpy(out.data_ptr(), bytes, info->end - info->begin);
  }
  return boolean ? out.ne(0) : out;
}

}  // namespace alice
