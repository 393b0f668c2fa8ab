#include "core/base/safetensors_entries.h"

#include <optional>
#include <set>
#include <utility>

#include "core/base/json.h"
#include "core/base/utf8.h"

namespace alice {
namespace {

constexpr int kDeepest = 3;              // file { tensor { shape [ ] } }
constexpr size_t kMostTensors = 100'000;  // the largest models have some thousands
constexpr size_t kMostNames = 500'000;
constexpr size_t kMostSides = 64;  // more than ATen's iterators take
constexpr const char* kMetadata = "__metadata__";

/// Takes the parser's events. What stands where is told by how many objects and lists are open: 1 in the file's
/// object, 2 in a tensor or the metadata, 3 in a member of those.
class EntryReader final : public Json::json_sax_t {
 public:
  explicit EntryReader(const std::string& place) : place_(place) {}
  SafetensorsEntries take() { return std::move(out_); }

  bool null() override { return value(); }
  bool boolean(bool) override { return value(); }
  bool number_integer(number_integer_t) override { return value(); }
  bool number_float(number_float_t, const string_t&) override { return value(); }
  bool binary(binary_t&) override { return value(); }

  bool number_unsigned(number_unsigned_t number) override {
    if (list_ == nullptr || open_ != kDeepest) return value();
    if (list_->size() < kMostSides + 1) list_->push_back(number);
    return true;
  }

  bool string(string_t& text) override {
    if (open_ != 2) return value();
    if (in_metadata_) {
      out_.metadata[member_] = text;
    } else if (member_ == "dtype") {
      dtype_ = text;
    } else {
      return value();
    }
    return true;
  }

  bool start_object(std::size_t) override {
    if (open_ == 1) begin_entry();
    if (open_ == 2) value();
    open();
    return true;
  }

  bool end_object() override {
    close();
    if (open_ == 1 && !in_metadata_) end_entry();
    return true;
  }

  bool start_array(std::size_t) override {
    if (open_ == 1) value();
    if (open_ == 2 && !in_metadata_ && member_ == "shape")
      list_ = &shape_.emplace();
    else if (open_ == 2 && !in_metadata_ && member_ == "data_offsets")
      list_ = &offsets_.emplace();
    else if (open_ == 2)
      value();
    open();
    return true;
  }

  bool end_array() override {
    close();
    if (open_ == 2) list_ = nullptr;
    return true;
  }

  bool key(string_t& name) override {
    if (++count_ > kMostNames) fail("has more than " + std::to_string(kMostNames) + " names in its header");
    if (!names_.back().insert(name).second) fail("has the name '" + brief(name) + "' twice in its header");
    (open_ == 1 ? tensor_ : member_) = name;
    return true;
  }

  bool parse_error(std::size_t, const std::string&, const nlohmann::detail::exception& error) override {
    fail(std::string("has a header that is no valid JSON: ") + brief(error.what()));
  }

 private:
  [[noreturn]] void fail(const std::string& sentence) const { throw Error(ErrorCode::bad_weights, place_, sentence); }
  [[noreturn]] void fail_tensor(const std::string& sentence) const {
    fail("tensor '" + brief(tensor_) + "' " + sentence);
  }

  void open() {
    if (open_ >= kDeepest)
      fail("has a header nested deeper than the format's " + std::to_string(kDeepest) + " levels");
    ++open_;
    names_.emplace_back();
  }
  void close() {
    --open_;
    names_.pop_back();
  }

  /// A value where none of this kind belongs, or where it does not matter.
  bool value() {
    if (open_ == 1 && tensor_ == kMetadata) fail("has a __metadata__ that is no object of strings");
    if (open_ == 1) fail_tensor("needs the members dtype, shape and data_offsets");
    if (open_ == 2 && in_metadata_) fail("has a __metadata__ member '" + brief(member_) + "' that is no string");
    if (open_ == kDeepest && list_ != nullptr) wrong_ = list_ == shape_list() ? "shape" : "data_offsets";
    return true;
  }

  const std::vector<uint64_t>* shape_list() const { return shape_ ? &*shape_ : nullptr; }

  void begin_entry() {
    in_metadata_ = tensor_ == kMetadata;
    dtype_.reset(), shape_.reset(), offsets_.reset();
    list_ = nullptr;
    wrong_.clear();
  }

  void end_entry() {
    if (!dtype_) fail_tensor("needs a \"dtype\": a text such as \"F16\"");
    if (!shape_ || wrong_ == "shape" || shape_->size() > kMostSides)
      fail_tensor("needs a \"shape\": a list of at most " + std::to_string(kMostSides) +
                  " whole numbers of at least 0");
    if (!offsets_ || wrong_ == "data_offsets" || offsets_->size() != 2)
      fail_tensor("needs \"data_offsets\": a list of two whole numbers of at least 0");
    if (out_.tensors.size() == kMostTensors)
      fail("has more than " + std::to_string(kMostTensors) + " tensors: no model has so many");
    out_.tensors[tensor_] = {std::move(*dtype_), std::move(*shape_), std::move(*offsets_)};
  }

  const std::string& place_;
  SafetensorsEntries out_;
  int open_ = 0;
  size_t count_ = 0;
  std::vector<std::set<std::string>> names_;  // of the objects that are open
  std::string tensor_, member_;               // whose value comes next
  bool in_metadata_ = false;
  std::optional<std::string> dtype_;
  std::optional<std::vector<uint64_t>> shape_, offsets_;
  std::vector<uint64_t>* list_ = nullptr;  // of the two, the one that is being read
  std::string wrong_;                      // of the two, the one that holds what is no whole number
};

}  // namespace

SafetensorsEntries read_safetensors_entries(std::string_view json, const std::string& place) {
  const auto fail = [&](const char* sentence) { throw Error(ErrorCode::bad_weights, place, sentence); };
  if (json.empty() || json.front() != '{') fail("has a header that does not begin with '{'");
  if (json.find('\0') != json.npos) fail("has a zero byte in its header");  // the parser would take it for the end
  EntryReader reader(place);
  Json::sax_parse(json, &reader);
  return reader.take();
}

}  // namespace alice
