#include "core/io/torch_container.h"

#include <utility>

#include "core/base/error.h"
#include "core/base/text.h"
#include "core/base/utf8.h"
#include "core/io/inflate.h"

namespace alice {
namespace {

using Kind = PickleValue::Kind;

constexpr uint64_t kLongestPickle = 64u << 20;
constexpr std::string_view kPickle = "data.pkl";
constexpr std::string_view kMagic{"\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19", 10};
constexpr int64_t kProtocol = 1001;

[[noreturn]] void fail(const std::string& place, const std::string& sentence) {
  throw Error(ErrorCode::bad_weights, place, sentence);
}

[[noreturn]] void refuse_big_endian(const std::string& place) {
  throw Error(ErrorCode::unsupported, place,
              "was written on a big-endian machine, whose numbers are not read: save it again on another");
}

/// Throws unless `entry` holds what the pickle says of that storage.
void check_size(const std::string& key, const TorchStorage& storage, const ZipEntry& entry, const std::string& place) {
  if (entry.size < storage.bytes())
    fail(place, "has " + std::to_string(entry.size) + " bytes of storage '" + brief(key) + "', which is to have " +
                    std::to_string(storage.bytes()) + ": it is cut off, or damaged");
}

// --- Zip.

class ZipReader {
 public:
  ZipReader(std::string_view file, const std::string& place)
      : file_(file), place_(place), entries_(read_zip_directory(file, place)) {}

  TorchContainer read() {
    const std::string pickle_name = find_pickle();
    prefix_ = pickle_name.substr(0, pickle_name.size() - kPickle.size());
    if (const auto order = entries_.find(prefix_ + "byteorder"); order != entries_.end())
      if (bytes_of(order->second) != "little") refuse_big_endian(place_);
    const std::string pickle_bytes = bytes_of(entries_.at(pickle_name));
    const PickleValues pickle = read_pickle(pickle_bytes, place_);
    if (pickle.size != pickle_bytes.size()) fail(place_, "has bytes behind the end of its pickle");
    TorchContainer container;
    container.contents = read_torch_contents(pickle, place_);
    for (const auto& [name, tensor] : container.contents.tensors) take_storage(tensor.storage, container);
    return container;
  }

 private:
  /// "x/data.pkl", or without a folder.
  std::string find_pickle() const {
    std::string found;
    for (const auto& [name, entry] : entries_) {
      if (!ends_with(name, kPickle)) continue;
      const std::string_view folder = std::string_view(name).substr(0, name.size() - kPickle.size());
      if (!folder.empty() && folder.find('/') != folder.size() - 1) continue;
      if (!found.empty()) fail(place_, "has two pickles: " + brief(found) + " and " + brief(name));
      found = name;
    }
    if (found.empty()) fail(place_, "is a zip archive without a data.pkl: nothing that PyTorch writes");
    return found;
  }

  std::string bytes_of(const ZipEntry& entry) const {
    if (entry.size > kLongestPickle)
      fail(place_, "has a pickle of more than " + std::to_string(kLongestPickle) + " bytes");
    const std::string_view packed = file_.substr(entry.begin, entry.packed);
    return entry.deflated ? inflate(packed, entry.size, entry.crc32, place_) : std::string(packed);
  }

  void take_storage(const std::string& key, TorchContainer& container) const {
    if (container.storages.count(key) > 0) return;
    const auto found = entries_.find(prefix_ + "data/" + key);
    if (found == entries_.end()) fail(place_, "lacks the storage '" + brief(key) + "'");
    check_size(key, container.contents.storages.at(key), found->second, place_);
    container.storages[key] = found->second;
  }

  const std::string_view file_;
  const std::string& place_;
  const std::map<std::string, ZipEntry> entries_;
  std::string prefix_;
};

// --- The older kind.

class LegacyReader {
 public:
  LegacyReader(std::string_view file, const std::string& place) : file_(file), place_(place) {}

  TorchContainer read() {
    const PickleValues magic = next();
    if (magic.root().kind != Kind::large || magic.root().text != kMagic)
      fail(place_, "is a pickle, but none that PyTorch writes");
    const PickleValues version = next();
    if (version.root().kind != Kind::integer || version.root().number != kProtocol)
      fail(place_, "is of another version of PyTorch's format than 1001");
    check_machine(next());
    const PickleValues object = next();
    TorchContainer container;
    container.contents = read_torch_contents(object, place_);
    read_storages(next(), container);
    return container;
  }

 private:
  PickleValues next() {
    PickleValues pickle = read_pickle(file_.substr(at_), place_);
    at_ += pickle.size;
    return pickle;
  }

  void check_machine(const PickleValues& machine) const {
    const PickleValue& facts = machine.root();
    for (size_t i = 0; facts.kind == Kind::dict && i + 1 < facts.items.size(); i += 2)
      if (machine[facts.items[i]].text == "little_endian" && machine[facts.items[i + 1]].number == 0)
        refuse_big_endian(place_);
  }

  void read_storages(const PickleValues& keys, TorchContainer& container) {
    if (keys.root().kind != Kind::list) fail(place_, "has no list of its storages");
    for (const PickleId id : keys.root().items) {
      if (keys[id].kind != Kind::text) fail(place_, "has a storage without a name");
      read_storage(std::string(keys[id].text), container);
    }
    if (at_ != file_.size())
      fail(place_,
           "has " + std::to_string(file_.size() - at_) + " bytes behind its last storage, which belong to none");
    for (const auto& [name, tensor] : container.contents.tensors)
      if (container.storages.count(tensor.storage) == 0)
        fail(place_, "lacks the storage '" + brief(tensor.storage) + "'");
  }

  void read_storage(const std::string& key, TorchContainer& container) {
    const auto known = container.contents.storages.find(key);
    if (known == container.contents.storages.end())
      fail(place_, "has the storage '" + brief(key) + "', which no tensor has");
    if (known->second.has_two_types) fail(place_, "has the storage '" + brief(key) + "' of two types");
    const uint64_t count = next_count(), room = file_.size() - at_;
    if (count > room / known->second.element_bytes)
      fail(place_, "ends in the middle of the storage '" + brief(key) + "': it is cut off");
    ZipEntry entry;
    entry.begin = at_;
    entry.packed = entry.size = count * known->second.element_bytes;
    check_size(key, known->second, entry, place_);
    at_ += entry.size;
    if (!container.storages.emplace(key, entry).second) fail(place_, "has the storage '" + brief(key) + "' twice");
  }

  uint64_t next_count() {
    constexpr size_t kBytes = 8;
    if (file_.size() - at_ < kBytes) fail(place_, "ends before its last storage: it is cut off");
    uint64_t count = 0;
    for (size_t i = kBytes; i-- > 0;) count = count << 8 | static_cast<unsigned char>(file_[at_ + i]);
    at_ += kBytes;
    return count;
  }

  const std::string_view file_;
  const std::string& place_;
  size_t at_ = 0;
};

}  // namespace

TorchContainer read_torch_zip(std::string_view file, const std::string& place) { return ZipReader(file, place).read(); }

TorchContainer read_torch_legacy(std::string_view file, const std::string& place) {
  return LegacyReader(file, place).read();
}

}  // namespace alice
