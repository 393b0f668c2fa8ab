#include "core/io/safetensors_writer.h"

#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

#include "core/base/atomic_file.h"
#include "core/base/json.h"
#include "core/io/scalar_types.h"

namespace alice {
namespace {

constexpr const char* kMetadata = "__metadata__";
constexpr size_t kAlignment = 8;  // of the data's start: the largest element

/// The header's length as the file begins with it.
std::string little_endian(uint64_t number) {
  std::string bytes;
  for (int shift = 0; shift < 64; shift += 8) bytes += static_cast<char>(number >> shift & 0xff);
  return bytes;
}

}  // namespace

void write_safetensors(const std::filesystem::path& file, const std::map<std::string, Tensor>& tensors,
                       const std::map<std::string, std::string>& metadata) {
  if (tensors.count(kMetadata) > 0)
    throw Error(ErrorCode::unsupported, file.string(), std::string("no tensor can be called ") + kMetadata);
  std::vector<std::pair<std::string, Tensor>> in_order;
  for (const auto& [name, tensor] : tensors) in_order.emplace_back(name, tensor.to(at::kCPU).contiguous());
  std::stable_sort(in_order.begin(), in_order.end(),
                   [](const auto& a, const auto& b) { return a.second.element_size() > b.second.element_size(); });

  Json header = Json::object();
  if (!metadata.empty()) header[kMetadata] = metadata;
  uint64_t end = 0;
  for (const auto& [name, tensor] : in_order) {
    DType dtype;
    if (!dtype_of(tensor.scalar_type(), dtype))
      throw Error(
          ErrorCode::unsupported, file.string(),
          "tensor '" + name + "' has the dtype " + c10::toString(tensor.scalar_type()) + ", which is not written");
    const uint64_t begin = end;
    end += tensor.nbytes();
    header[name] = {{"dtype", to_string(dtype)}, {"shape", tensor.sizes().vec()}, {"data_offsets", {begin, end}}};
  }
  std::string text = dump_json(header);
  text.resize((text.size() + kAlignment - 1) / kAlignment * kAlignment, ' ');

  AtomicFile out(file);
  out.write(little_endian(text.size()) + text);
  for (const auto& [name, tensor] : in_order) out.write({static_cast<const char*>(tensor.data_ptr()), tensor.nbytes()});
  out.commit();
}

}  // namespace alice
