#pragma once
// Files of PyTorch's made by hand, so that they may be wrong: pickles, and the zip archive and the row of pickles
// around them.

#include <array>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace alice::test {

inline std::string little_endian(uint64_t value, size_t bytes) {
  std::string out;
  for (size_t i = 0; i < bytes; ++i) out += static_cast<char>(value >> (8 * i) & 0xff);
  return out;
}

// --- Pickles of protocol 2: pieces that leave one value on the stack.

inline std::string pickled_text(const std::string& text) { return "X" + little_endian(text.size(), 4) + text; }
inline std::string pickled(int32_t number) { return "J" + little_endian(static_cast<uint32_t>(number), 4); }
inline std::string pickled_global(const std::string& module, const std::string& name) {
  return "c" + module + "\n" + name + "\n";
}
inline std::string pickled_tuple(const std::vector<std::string>& items) {
  std::string out = "(";
  for (const std::string& item : items) out += item;
  return out + "t";
}
inline std::string pickled_numbers(const std::vector<int32_t>& numbers) {
  std::vector<std::string> items;
  for (const int32_t number : numbers) items.push_back(pickled(number));
  return pickled_tuple(items);
}
/// {name: value, ...}
inline std::string pickled_dict(const std::vector<std::pair<std::string, std::string>>& members) {
  std::string out = "}(";
  for (const auto& [name, value] : members) out += pickled_text(name) + value;
  return out + "u";
}
inline std::string pickled_storage(const std::string& key, int32_t elements, const std::string& type = "FloatStorage",
                                   bool is_legacy = false) {
  std::vector<std::string> id = {pickled_text("storage"), pickled_global("torch", type), pickled_text(key),
                                 pickled_text("cpu"), pickled(elements)};
  if (is_legacy) id.push_back("N");
  return pickled_tuple(id) + "Q";
}
inline std::string pickled_tensor(const std::string& storage, int32_t first, const std::vector<int32_t>& shape,
                                  const std::vector<int32_t>& strides) {
  return pickled_global("torch._utils", "_rebuild_tensor_v2") +
         pickled_tuple({storage, pickled(first), pickled_numbers(shape), pickled_numbers(strides), "\x89",
                        pickled_global("collections", "OrderedDict") + ")R"}) +
         "R";
}
inline std::string pickle_of(const std::string& value) { return "\x80\x02" + value + "."; }

// --- Containers.

inline uint32_t crc32_of(const std::string& bytes) {
  uint32_t crc = 0xffffffff;
  for (const char c : bytes) {
    crc ^= static_cast<unsigned char>(c);
    for (int bit = 0; bit < 8; ++bit) crc = crc >> 1 ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return ~crc;
}

/// `bytes`, at most 65,535, as deflate has what it cannot make shorter.
inline std::string deflated(const std::string& bytes) {
  return "\x01" + little_endian(bytes.size(), 2) + little_endian(~bytes.size() & 0xffff, 2) + bytes;
}

struct ZipMember {
  std::string name, bytes;
  bool is_deflated = false;
};

/// With zip64's numbers when `is_64`, as torch writes them for large files.
inline std::string zip_bytes(const std::vector<ZipMember>& members, bool is_64 = false) {
  std::string file, directory;
  for (const ZipMember& member : members) {
    const std::string packed = member.is_deflated ? deflated(member.bytes) : member.bytes;
    const std::string method = little_endian(member.is_deflated ? 8 : 0, 2),
                      crc = little_endian(crc32_of(member.bytes), 4);
    const std::string sizes = little_endian(packed.size(), 4) + little_endian(member.bytes.size(), 4);
    const std::string ones(is_64 ? 8 : 0, '\xff');
    const std::string extra = is_64
                                  ? little_endian(1, 2) + little_endian(24, 2) + little_endian(member.bytes.size(), 8) +
                                        little_endian(packed.size(), 8) + little_endian(file.size(), 8)
                                  : "";
    directory += "PK\x01\x02" + std::string(6, '\0') + method + std::string(4, '\0') + crc + (is_64 ? ones : sizes) +
                 little_endian(member.name.size(), 2) + little_endian(extra.size(), 2) + std::string(10, '\0') +
                 (is_64 ? std::string(4, '\xff') : little_endian(file.size(), 4)) + member.name + extra;
    file += "PK\x03\x04" + std::string(4, '\0') + method + std::string(4, '\0') + crc + sizes +
            little_endian(member.name.size(), 2) + little_endian(0, 2) + member.name + packed;
  }
  const uint64_t begin = file.size();
  file += directory;
  if (is_64) {
    const uint64_t end = file.size();
    file += "PK\x06\x06" + little_endian(44, 8) + std::string(4, '\0') + std::string(8, '\0') +
            little_endian(members.size(), 8) + little_endian(members.size(), 8) + little_endian(directory.size(), 8) +
            little_endian(begin, 8);
    file += "PK\x06\x07" + std::string(4, '\0') + little_endian(end, 8) + little_endian(1, 4);
  }
  return file + "PK\x05\x06" + std::string(4, '\0') + little_endian(members.size(), 2) +
         little_endian(members.size(), 2) + little_endian(directory.size(), 4) +
         (is_64 ? std::string(4, '\xff') : little_endian(begin, 4)) + std::string(2, '\0');
}

/// storage key -> its bytes
using TorchStorages = std::vector<std::pair<std::string, std::string>>;

inline std::string torch_zip(const std::string& pickle, const TorchStorages& storages) {
  std::vector<ZipMember> members = {{"x/data.pkl", pickle}};
  for (const auto& [key, bytes] : storages) members.push_back({"x/data/" + key, bytes});
  return zip_bytes(members);
}

/// The older container; each storage's elements have `element_bytes`.
inline std::string torch_legacy(const std::string& pickle, const TorchStorages& storages, size_t element_bytes = 4) {
  std::string file = pickle_of("\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19") + pickle_of("M\xe9\x03") +
                     pickle_of(pickled_dict({{"little_endian", "\x88"}})) + pickle;
  std::string keys = "](";
  for (const auto& storage : storages) keys += pickled_text(storage.first);
  file += pickle_of(keys + "e");
  for (const auto& storage : storages) file += little_endian(storage.second.size() / element_bytes, 8) + storage.second;
  return file;
}

}  // namespace alice::test
