#include "server/worker/compat/tensor_containers.h"

#include <string_view>
#include <vector>

#include "server/worker/compat/byte_writer.h"
#include "server/worker/compat/pickle_writer.h"
#include "server/worker/compat/zip_writer.h"

namespace alice {
namespace {

constexpr size_t kAlignment = 8;  // of safetensors' data

std::string_view bytes_of(const Tensor& tensor) {
  return {static_cast<const char*>(tensor.data_ptr()), tensor.nbytes()};
}

const char* storage_class(const std::string& name, DType dtype) {
  switch (dtype) {
    case DType::f16: return "HalfStorage";
    case DType::f32: return "FloatStorage";
    case DType::bf16: return "BFloat16Storage";
    case DType::i64: return "LongStorage";
    default:
      throw Error(ErrorCode::unsupported, name,
                  std::string("torch has no storage class of its own for ") + to_string(dtype));
  }
}

/// Of elements that lie one behind the other, the last side the nearest.
std::vector<int64_t> strides_of(const std::vector<int64_t>& shape) {
  std::vector<int64_t> strides(shape.size(), 1);
  for (size_t i = shape.size(); i-- > 1;) strides[i - 1] = strides[i] * shape[i];
  return strides;
}

/// A call of torch._utils._rebuild_tensor_v2(storage, 0, shape, strides, False, OrderedDict()).
void write_tensor(PickleWriter& pickle, const std::string& name, const RoundedTensor& tensor, const std::string& key,
                  bool is_zip) {
  pickle.global("torch._utils", "_rebuild_tensor_v2");
  pickle.mark();
  pickle.mark();
  pickle.shared_text("storage");
  pickle.global("torch", storage_class(name, tensor.dtype));
  pickle.text(key);
  pickle.shared_text(tensor.stored.device().str());
  pickle.integer(tensor.stored.numel());
  if (!is_zip) pickle.none();  // no view of another storage
  pickle.tuple_to_mark();
  pickle.persistent_id();
  pickle.integer(0);
  pickle.integers(tensor.stored.sizes().vec());
  pickle.integers(strides_of(tensor.stored.sizes().vec()));
  pickle.boolean(false);
  pickle.empty_ordered_dict();
  pickle.tuple_to_mark();
  pickle.call();
}

std::string pickled(const RoundedTensors& tensors, bool is_zip) {
  PickleWriter pickle;
  pickle.empty_dict();
  pickle.mark();
  pickle.text("state_dict");
  pickle.empty_ordered_dict();
  PickleItems members(pickle, PickleItems::Kind::dict, tensors.size());
  size_t index = 0;
  for (const auto& [name, tensor] : tensors) {
    members.begin_item();
    pickle.text(name);
    write_tensor(pickle, name, tensor, std::to_string(index++), is_zip);
  }
  members.end();
  pickle.text("global_step");
  pickle.integer(1000);
  pickle.text("epoch");
  pickle.integer(3);
  pickle.set_items_to_mark();
  return pickle.finish();
}

std::string zip_bytes(const RoundedTensors& tensors) {
  ZipWriter zip;
  zip.add("archive/data.pkl", pickled(tensors, true));
  zip.add("archive/byteorder", "little");
  size_t index = 0;
  for (const auto& entry : tensors)
    zip.add("archive/data/" + std::to_string(index++), bytes_of(entry.second.stored));
  zip.add("archive/version", "3\n");
  return zip.finish();
}

std::string protocol_pickle() {
  PickleWriter pickle;
  pickle.integer(1001);
  return pickle.finish();
}

std::string system_pickle() {
  PickleWriter pickle;
  pickle.empty_dict();
  pickle.mark();
  pickle.text("protocol_version");
  pickle.integer(1001);
  pickle.text("little_endian");
  pickle.boolean(true);
  pickle.text("type_sizes");
  pickle.empty_dict();
  pickle.mark();
  for (const auto& [name, size] : {std::pair("short", 2), std::pair("int", 4), std::pair("long", 4)}) {
    pickle.text(name);
    pickle.integer(size);
  }
  pickle.set_items_to_mark();
  pickle.set_items_to_mark();
  return pickle.finish();
}

std::string keys_pickle(size_t count) {
  PickleWriter pickle;
  pickle.empty_list();
  PickleItems items(pickle, PickleItems::Kind::list, count);
  for (size_t i = 0; i < count; ++i) {
    items.begin_item();
    pickle.text(std::to_string(i));
  }
  items.end();
  return pickle.finish();
}

std::string legacy_bytes(const RoundedTensors& tensors) {
  static constexpr std::string_view kMagic = "\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.";
  std::string file(kMagic);
  file += protocol_pickle() + system_pickle() + pickled(tensors, false) + keys_pickle(tensors.size());
  for (const auto& entry : tensors) {
    append_little_endian(file, static_cast<uint64_t>(entry.second.stored.numel()), 8);
    file += bytes_of(entry.second.stored);
  }
  return file;
}

}  // namespace

std::string safetensors_bytes(const RoundedTensors& tensors) {
  std::string header = "{", data;
  for (const auto& [name, tensor] : tensors) {
    const std::string_view bytes = bytes_of(tensor.stored);
    header += (header.size() > 1 ? "," : "") + dump_json(name) + ":{\"dtype\":\"" + to_string(tensor.dtype) +
              "\",\"shape\":" + dump_json(tensor.stored.sizes().vec()) + ",\"data_offsets\":[" +
              std::to_string(data.size()) + "," + std::to_string(data.size() + bytes.size()) + "]}";
    data += bytes;
  }
  header += "}";
  header.resize((header.size() + kAlignment - 1) / kAlignment * kAlignment, ' ');
  std::string file;
  append_little_endian(file, header.size(), 8);
  return file + header + data;
}

std::string torch_bytes(const RoundedTensors& tensors, bool is_zip) {
  return is_zip ? zip_bytes(tensors) : legacy_bytes(tensors);
}

}  // namespace alice
