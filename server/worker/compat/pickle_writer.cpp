#include "server/worker/compat/pickle_writer.h"

#include "server/worker/compat/byte_writer.h"

namespace alice {
namespace {

constexpr size_t kBatch = 1000;

}  // namespace

PickleWriter::PickleWriter() : bytes_("\x80\x02") {}

void PickleWriter::integer(int64_t value) {
  const size_t bytes = value < 0x100 ? 1 : value < 0x10000 ? 2 : 4;
  bytes_ += bytes == 1 ? 'K' : bytes == 2 ? 'M' : 'J';
  append_little_endian(bytes_, static_cast<uint64_t>(value), bytes);
}

void PickleWriter::text(const std::string& text) {
  std::string bytes = "X";
  append_little_endian(bytes, text.size(), 4);
  add_new(bytes + text);
}

void PickleWriter::shared_text(const std::string& text) {
  if (add_known(text)) return;
  this->text(text);
}

void PickleWriter::integers(const std::vector<int64_t>& numbers) {
  constexpr size_t kMostUnmarked = 3;
  if (numbers.empty()) {
    bytes_ += ')';
    return;
  }
  if (numbers.size() > kMostUnmarked) mark();
  for (const int64_t number : numbers) integer(number);
  static constexpr const char* kOpcodes[] = {"\x85", "\x86", "\x87"};
  add_new(numbers.size() > kMostUnmarked ? "t" : kOpcodes[numbers.size() - 1]);
}

void PickleWriter::global(const std::string& module, const std::string& name) {
  const std::string what = module + "\n" + name + "\n";
  if (!add_known(what)) add_new("c" + what);
}

void PickleWriter::empty_ordered_dict() {
  global("collections", "OrderedDict");
  bytes_ += ')';
  call();
}

std::string PickleWriter::finish() {
  bytes_ += '.';
  return std::move(bytes_);
}

void PickleWriter::add_new(const std::string& bytes) {
  const bool is_short = numbered_ < 0x100;
  bytes_ += bytes + (is_short ? 'q' : 'r');
  append_little_endian(bytes_, numbered_++, is_short ? 1 : 4);
}

bool PickleWriter::add_known(const std::string& what) {
  const auto [found, is_new] = known_.emplace(what, numbered_);
  if (is_new) return false;
  const bool is_short = found->second < 0x100;
  bytes_ += is_short ? 'h' : 'j';
  append_little_endian(bytes_, found->second, is_short ? 1 : 4);
  return true;
}

void PickleItems::begin_item() {
  if (open_ == kBatch) close_batch();
  if (open_ == 0) {
    is_single_ = left_ == 1;
    if (!is_single_) pickle_.mark();
  }
  ++open_, --left_;
}

void PickleItems::end() {
  if (open_ > 0) close_batch();
}

void PickleItems::close_batch() {
  const bool is_dict = kind_ == Kind::dict;
  pickle_.add(is_single_ ? (is_dict ? 's' : 'a') : (is_dict ? 'u' : 'e'));
  open_ = 0;
}

}  // namespace alice
