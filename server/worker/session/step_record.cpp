#include "server/worker/session/step_record.h"

#include <fcntl.h>
#include <spdlog/spdlog.h>
#include <unistd.h>
#include <xxhash.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <type_traits>

namespace alice {
namespace {

constexpr std::array<char, 8> kMagic = {'A', 'L', 'I', 'C', 'E', 'R', 'E', 'C'};
constexpr uint32_t kVersion = 2;
constexpr uint32_t kMade = 0;             // stands for the number of a call
constexpr uint64_t kLongestNote = 1 << 20;  // bytes

/// False when there are not so many bytes.
bool read_at(int descriptor, int64_t place, void* into, size_t count) {
  auto* bytes = static_cast<char*>(into);
  while (count > 0) {
    const ssize_t got = ::pread(descriptor, bytes, count, place);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return false;
    bytes += got, place += got, count -= static_cast<size_t>(got);
  }
  return true;
}

template <class T>
void append(std::string& bytes, const T& value) {
  static_assert(std::has_unique_object_representations_v<T>, "padding would be written");
  bytes.append(reinterpret_cast<const char*>(&value), sizeof value);
}

uint64_t checksum_of(std::string_view bytes) { return XXH3_64bits(bytes.data(), bytes.size()); }

/// What a record gives back as the same tensor.
bool is_recordable(const Tensor& result, const Tensor& x) {
  return result.device().is_cpu() && result.scalar_type() == at::kFloat && result.sizes() == x.sizes();
}

std::string reason() { return std::string(": ") + std::strerror(errno); }

}  // namespace

struct StepRecord::Head {
  std::array<char, 8> magic = kMagic;
  uint32_t version = kVersion, zero = 0;
  Hash run;
  uint64_t seed;
};

struct StepRecord::EntryHead {
  uint32_t batch, call;
  Hash asked;
  uint64_t bytes;
};

int64_t StepRecord::entry_size(uint64_t bytes) {
  return static_cast<int64_t>(sizeof(EntryHead) + bytes + sizeof(uint64_t));
}

StepRecord::Hash StepRecord::hash_of(const void* bytes, size_t count) {
  const XXH128_hash_t hash = XXH3_128bits(bytes, count);
  return {hash.low64, hash.high64};
}

StepRecord::Hash StepRecord::hash_of(const Tensor& x, const Level& level) {
  const Tensor plain = x.to(at::kCPU).contiguous();
  std::string asked;
  append(asked, hash_of(plain.data_ptr(), plain.nbytes()));
  for (const int64_t side : plain.sizes()) append(asked, side);
  for (const double number : {level.alpha, level.sigma, level.t})
    asked.append(reinterpret_cast<const char*>(&number), sizeof number);
  return hash_of(asked.data(), asked.size());
}

StepRecord::StepRecord(std::filesystem::path file, const std::string& run, const RecordLimits& limits)
    : file_(std::move(file)), run_(hash_of(run.data(), run.size())), limits_(limits) {
  if (limits_.max_bytes == 0) return;
  descriptor_ = ::open(file_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (descriptor_ < 0)
    give_up("cannot be opened" + reason());
  else
    read_head();
}

void StepRecord::read_head() {
  std::array<char, sizeof(Head) + sizeof(uint64_t)> bytes;
  if (!read_at(descriptor_, 0, bytes.data(), bytes.size())) return;
  Head head;
  uint64_t checksum;
  std::memcpy(&head, bytes.data(), sizeof head);
  std::memcpy(&checksum, bytes.data() + sizeof head, sizeof checksum);
  const bool is_of_this_run = head.magic == kMagic && head.version == kVersion && head.run.low == run_.low &&
                              head.run.high == run_.high && checksum == checksum_of({bytes.data(), sizeof head});
  if (!is_of_this_run) return;
  found_seed_ = head.seed;
  end_ = bytes.size();
}

StepRecord::~StepRecord() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

void StepRecord::begin(uint64_t seed) {
  answering_ = found_seed_ == seed;
  if (answering_) return;
  end_ = 0;
  end_here();
  std::string head;
  append(head, Head{kMagic, kVersion, 0, run_, seed});
  append(head, checksum_of(head));
  write(head);
}

bool StepRecord::pass_made(const std::function<bool(const std::string& note)>& accept) {
  EntryHead head = {batch_ + 1, kMade, {0, 0}, 0};
  EntryHead found;
  if (!answering_ || !read_at(descriptor_, end_, &found, sizeof found) || found.batch != head.batch ||
      found.call != kMade || found.bytes > kLongestNote)
    return false;
  head.bytes = found.bytes;
  const auto note = read_entry(head);
  if (!note.has_value() || !accept(*note)) {
    end_here();
    return false;
  }
  ++batch_;
  end_ += entry_size(head.bytes);
  return true;
}

void StepRecord::batch_is_made(const std::string& note) {
  if (descriptor_ < 0) return;
  end_ = batch_begin_;
  is_full_ = false;
  write_entry({batch_, kMade, {0, 0}, note.size()}, note.data());
  end_here();
}

Denoise StepRecord::wrap(Denoise network) {
  batch_begin_ = end_;
  ++batch_;
  call_ = 0;
  return [this, network = std::move(network)](const Tensor& x, const Level& level) { return call(network, x, level); };
}

Tensor StepRecord::call(const Denoise& network, const Tensor& x, const Level& level) {
  const EntryHead head = {batch_, ++call_, hash_of(x, level), x.numel() * sizeof(float)};
  if (answering_) {
    if (const auto bytes = read_entry(head)) {
      end_ += entry_size(head.bytes);
      Tensor result = at::empty(x.sizes(), at::kFloat);
      std::memcpy(result.data_ptr(), bytes->data(), bytes->size());
      return result;
    }
    end_here();
  }
  // Strides that the record does not keep: the run that is broken off must go the same way as the one that goes on.
  Tensor result = network(x, level).contiguous();
  if (descriptor_ < 0 || is_full_) return result;
  if (is_recordable(result, x))
    write_entry(head, result.data_ptr());
  else
    give_up("holds float32 in main memory, of x's shape, and nothing else");
  return result;
}

/// What the entry holds; nothing when the record has no such one there.
std::optional<std::string> StepRecord::read_entry(const EntryHead& wanted) const {
  std::string bytes(sizeof wanted + wanted.bytes, '\0');
  uint64_t checksum;
  const bool is_there = read_at(descriptor_, end_, bytes.data(), bytes.size()) &&
                        read_at(descriptor_, end_ + static_cast<int64_t>(bytes.size()), &checksum, sizeof checksum);
  if (!is_there || std::memcmp(bytes.data(), &wanted, sizeof wanted) != 0 || checksum != checksum_of(bytes))
    return std::nullopt;
  return bytes.substr(sizeof wanted);
}

void StepRecord::write_entry(const EntryHead& head, const void* content) {
  std::string bytes;
  bytes.reserve(static_cast<size_t>(entry_size(head.bytes)));
  append(bytes, head);
  bytes.append(static_cast<const char*>(content), head.bytes);
  append(bytes, checksum_of(bytes));
  if (has_room(bytes.size())) write(bytes);
}

bool StepRecord::has_room(size_t bytes) {
  if (end_ + static_cast<int64_t>(bytes) > limits_.max_bytes) {
    spdlog::info("the record of steps {} has its largest size (jobs.max_record): no more of this batch is recorded",
                 file_.string());
    is_full_ = true;
    return false;
  }
  try {
    check_room(file_.parent_path(), static_cast<int64_t>(bytes), limits_.most_reserve);
    return true;
  } catch (const Error& e) {
    give_up("is given up: " + e.sentence());
    return false;
  }
}

void StepRecord::write(const std::string& bytes) {
  if (descriptor_ < 0) return;
  for (std::string_view left = bytes; !left.empty();) {
    const ssize_t written = ::pwrite(descriptor_, left.data(), left.size(), end_);
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return give_up("cannot be written" + reason());
    left.remove_prefix(static_cast<size_t>(written));
    end_ += written;
  }
}

/// What is behind `end_` is of another run, or damaged.
void StepRecord::end_here() {
  answering_ = false;
  if (descriptor_ >= 0 && ::ftruncate(descriptor_, end_) != 0) give_up("cannot be cut off" + reason());
}

/// Others need the room more.
void StepRecord::give_up(const std::string& why) {
  spdlog::warn("the record of steps {} {}; after a death of this worker the job begins anew", file_.string(), why);
  if (descriptor_ >= 0) ::close(descriptor_);
  descriptor_ = -1;
  if (::truncate(file_.c_str(), 0) == 0) ::unlink(file_.c_str());
}

}  // namespace alice
