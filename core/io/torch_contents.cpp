#include "core/io/torch_contents.h"

#include <algorithm>
#include <utility>

#include "core/base/error.h"
#include "core/base/utf8.h"

namespace alice {
namespace {

using Kind = PickleValue::Kind;

constexpr uint64_t kMostElements = uint64_t{1} << 62;
constexpr uint64_t kLongestStorage = kMostElements / 16;  // elements: the largest has 16 bytes
constexpr size_t kMostTensors = 100'000, kMostVisits = 1'000'000, kLongestName = 1'000, kMostSides = 64;
constexpr int kDeepest = 8;
constexpr uint64_t kMostExpanded = uint64_t{16} << 20;
constexpr size_t kMostNamed = 5;
constexpr const char* kStateDict = "state_dict";

class ContentsReader {
 public:
  ContentsReader(const PickleValues& pickle, const std::string& place) : pickle_(pickle), place_(place) {}

  TorchContents read() {
    note_storages();
    const PickleValue& root = pickle_.root();
    if (root.kind != Kind::dict) fail("holds no dictionary of tensors");
    const PickleValue* state = member(root, kStateDict);
    if (state == nullptr) {
      read_dict(root, "", 0);
    } else {
      pass_over_all_but_state(root);
      read_dict(*state, "", 0);
    }
    return std::move(out_);
  }

 private:
  [[noreturn]] void fail(const std::string& sentence) const { throw Error(ErrorCode::bad_weights, place_, sentence); }
  [[noreturn]] void fail_tensor(const std::string& sentence) const {
    fail("tensor '" + brief(tensor_) + "' " + sentence);
  }

  /// The last of that name, if it is a dictionary.
  const PickleValue* member(const PickleValue& dict, std::string_view name) const {
    const PickleValue* found = nullptr;
    for (size_t i = 0; i + 1 < dict.items.size(); i += 2) {
      const PickleValue& key = pickle_[dict.items[i]];
      if (key.kind == Kind::text && key.text == name) found = &pickle_[dict.items[i + 1]];
    }
    return found != nullptr && found->kind == Kind::dict ? found : nullptr;
  }

  std::string name_of(const PickleValue& key) const {
    if (key.kind == Kind::text) return std::string(key.text);
    return key.kind == Kind::integer ? std::to_string(key.number) : "";
  }

  void pass_over(const std::string& name) {
    if (++out_.passed_over_count <= kMostNamed) out_.passed_over.push_back(brief(name.empty() ? "?" : name, 60));
  }

  void pass_over_all_but_state(const PickleValue& root) {
    for (size_t i = 0; i + 1 < root.items.size(); i += 2)
      if (const std::string name = name_of(pickle_[root.items[i]]); name != kStateDict) pass_over(name);
  }

  void read_dict(const PickleValue& dict, const std::string& prefix, int depth) {
    if (depth == kDeepest) fail("has dictionaries in one another deeper than " + std::to_string(kDeepest) + " levels");
    for (size_t i = 0; i + 1 < dict.items.size(); i += 2) {
      if (++visits_ > kMostVisits) fail("has more than " + std::to_string(kMostVisits) + " entries");
      const PickleValue& value = pickle_[dict.items[i + 1]];
      const std::string key = name_of(pickle_[dict.items[i]]);
      if (key.empty() || (value.kind != Kind::tensor && value.kind != Kind::dict)) {
        pass_over(key);
        continue;
      }
      const std::string name = prefix + key;
      check_name(name);
      if (value.kind == Kind::dict)
        read_dict(value, name + ".", depth + 1);
      else
        add_tensor(name, value);
    }
  }

  void check_name(const std::string& name) const {
    if (name.size() > kLongestName) fail("has the name '" + brief(name, 60) + "' of more than 1000 bytes");
    if (name.find('\0') != name.npos || encode_utf8(decode_utf8(name)) != name)
      fail("has the name '" + brief(name, 60) + "', which is no text");
  }

  void add_tensor(const std::string& name, const PickleValue& value) {
    tensor_ = name;
    TorchTensor tensor = read_tensor(value);
    out_.tensors[name] = std::move(tensor);
    if (out_.tensors.size() > kMostTensors)
      fail("has more than " + std::to_string(kMostTensors) + " tensors: no model has so many");
  }

  // --- One tensor: (storage, first element, shape, strides, ...), and with tensor_as the dtype as the seventh.

  const PickleValue& argument(const PickleValue& value, size_t i) const {
    if (i >= value.items.size()) fail_tensor("is not described in full");
    return pickle_[value.items[i]];
  }

  std::vector<int64_t> numbers(const PickleValue& list, const char* what) const {
    if ((list.kind != Kind::tuple && list.kind != Kind::list) || list.items.size() > kMostSides)
      fail_tensor(std::string("has ") + what + " that is no list of at most 64 numbers");
    std::vector<int64_t> out;
    for (const PickleId id : list.items) {
      if (pickle_[id].kind != Kind::integer || pickle_[id].number < 0)
        fail_tensor(std::string("has ") + what + " that is no list of whole numbers of at least 0");
      out.push_back(pickle_[id].number);
    }
    return out;
  }

  TorchTensor read_tensor(const PickleValue& value) {
    constexpr size_t kDTypeArgument = 6;
    TorchTensor tensor;
    uint64_t storage_first = 0, storage_elements = 0;
    const PickleGlobal* type = take_storage(argument(value, 0), tensor, storage_first, storage_elements);
    if (value.global->role == PickleRole::tensor_as) {
      const PickleValue& dtype = argument(value, kDTypeArgument);
      if (dtype.kind != Kind::global || dtype.global->role != PickleRole::dtype) fail_tensor("has no dtype");
      storage_elements = storage_elements * type->element_bytes / dtype.global->element_bytes;
      type = dtype.global;
      if (storage_first != 0) fail_tensor("is a view of a view");
    } else if (type->role == PickleRole::untyped) {
      fail_tensor("has no dtype");
    }
    tensor.dtype = type->dtype;
    tensor.element_bytes = type->element_bytes;
    if (type->other_dtype != nullptr) tensor.other_dtype = type->other_dtype;

    const PickleValue& first = argument(value, 1);
    if (first.kind != Kind::integer || first.number < 0) fail_tensor("has no first element");
    tensor.shape = numbers(argument(value, 2), "a shape");
    tensor.strides = numbers(argument(value, 3), "strides");
    if (tensor.strides.size() != tensor.shape.size()) fail_tensor("has more or fewer strides than sides");
    tensor.first = static_cast<uint64_t>(first.number);
    check_extent(tensor, storage_elements);
    tensor.first += storage_first;
    if (tensor.elements > 0) tensor.behind += storage_first;
    return tensor;
  }

  /// (type, key, device, elements), in old files with None or (key of the view, first element, elements) behind.
  const PickleGlobal* take_storage(const PickleValue& value, TorchTensor& tensor, uint64_t& first, uint64_t& elements) {
    constexpr size_t kView = 4;
    if (value.kind != Kind::storage || value.items.size() < kView) fail_tensor("lies in no storage");
    const PickleValue& type = pickle_[value.items[0]];
    const PickleValue& key = pickle_[value.items[1]];
    const PickleValue& count = pickle_[value.items[3]];
    const bool has_type = type.kind == Kind::global &&
                          (type.global->role == PickleRole::storage || type.global->role == PickleRole::untyped);
    if (!has_type || key.kind != Kind::text || key.text.size() > kLongestName) fail_tensor("lies in no storage");
    if (count.kind != Kind::integer || count.number < 0 || static_cast<uint64_t>(count.number) > kLongestStorage)
      fail_tensor("lies in a storage of a length that is none");
    elements = static_cast<uint64_t>(count.number);
    tensor.storage = std::string(key.text);
    if (value.items.size() > kView) take_view(pickle_[value.items[kView]], first, elements);
    return type.global;
  }

  /// All storages of the pickle, also those of tensors that are passed over: in old files they lie one behind the
  /// other.
  void note_storages() {
    for (const PickleValue& value : pickle_.values) {
      if (value.kind != Kind::storage || value.items.size() < 4) continue;
      const PickleValue &type = pickle_[value.items[0]], &key = pickle_[value.items[1]],
                        &count = pickle_[value.items[3]];
      if (type.kind != Kind::global || type.global->element_bytes == 0 || key.kind != Kind::text) continue;
      if (key.text.size() > kLongestName || count.kind != Kind::integer || count.number < 0) continue;
      if (static_cast<uint64_t>(count.number) > kLongestStorage) continue;
      note_storage(std::string(key.text), *type.global, static_cast<uint64_t>(count.number));
    }
  }

  void note_storage(const std::string& key, const PickleGlobal& type, uint64_t elements) {
    const auto [found, is_new] = out_.storages.emplace(key, TorchStorage{elements, type.element_bytes});
    TorchStorage& known = found->second;
    if (known.element_bytes != type.element_bytes) known.has_two_types = true;
    if (!is_new && known.bytes() < elements * type.element_bytes)
      known.elements = elements, known.element_bytes = type.element_bytes;
  }

  void take_view(const PickleValue& view, uint64_t& first, uint64_t& elements) const {
    if (view.kind == Kind::none) return;
    if (view.kind != Kind::tuple || view.items.size() != 3) fail_tensor("is a view of no storage");
    const PickleValue &begin = pickle_[view.items[1]], &count = pickle_[view.items[2]];
    const bool are_numbers =
        begin.kind == Kind::integer && count.kind == Kind::integer && begin.number >= 0 && count.number >= 0;
    if (!are_numbers || static_cast<uint64_t>(begin.number) > elements ||
        static_cast<uint64_t>(count.number) > elements - static_cast<uint64_t>(begin.number))
      fail_tensor("is a view that lies outside its storage");
    first = static_cast<uint64_t>(begin.number);
    elements = static_cast<uint64_t>(count.number);
  }

  void check_extent(TorchTensor& tensor, uint64_t storage_elements) const {
    uint64_t extent = 1;  // the product with zeros counted as ones: what strides are computed from
    bool is_empty = false;
    for (const int64_t side : tensor.shape) {
      if (static_cast<uint64_t>(side) > kMostElements / extent) fail_tensor("has a shape of more than 2^62 elements");
      extent *= std::max<uint64_t>(static_cast<uint64_t>(side), 1);
      is_empty = is_empty || side == 0;
    }
    tensor.elements = is_empty ? 0 : extent;
    if (is_empty) return;
    const auto outside = [&] {
      fail_tensor("of shape " + shape_text(tensor.shape) + " lies outside its storage of " +
                  std::to_string(storage_elements) + " elements");
    };
    if (tensor.first >= storage_elements) outside();
    uint64_t room = storage_elements - tensor.first - 1;  // elements behind the first
    for (size_t d = 0; d < tensor.shape.size(); ++d) {
      const auto steps = static_cast<uint64_t>(tensor.shape[d] - 1), stride = static_cast<uint64_t>(tensor.strides[d]);
      if (steps == 0 || stride == 0) continue;
      if (stride > room / steps) outside();
      room -= stride * steps;
    }
    tensor.behind = storage_elements - room;
    if (tensor.elements > std::max(storage_elements, kMostExpanded))
      fail_tensor("of shape " + shape_text(tensor.shape) + " repeats the " + std::to_string(storage_elements) +
                  " elements of its storage");
  }

  const PickleValues& pickle_;
  const std::string& place_;
  TorchContents out_;
  std::string tensor_;  // whose turn it is
  size_t visits_ = 0;
};

}  // namespace

TorchContents read_torch_contents(const PickleValues& pickle, const std::string& place) {
  return ContentsReader(pickle, place).read();
}

}  // namespace alice
