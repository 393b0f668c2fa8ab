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
constexpr uint32_t kVersion = 1;

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

StepRecord::StepRecord(std::filesystem::path file, const std::string& run)
    : file_(std::move(file)), run_(hash_of(run.data(), run.size())) {
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

Denoise StepRecord::wrap(Denoise network) {
  ++batch_;
  call_ = 0;
  return [this, network = std::move(network)](const Tensor& x, const Level& level) { return call(network, x, level); };
}

Tensor StepRecord::call(const Denoise& network, const Tensor& x, const Level& level) {
  const EntryHead head = {batch_, ++call_, hash_of(x, level), x.numel() * sizeof(float)};
  if (answering_) {
    Tensor result = read_entry(head, x);
    if (result.defined()) return result;
    end_here();
  }
  // Strides that the record does not keep: the run that is broken off must go the same way as the one that goes on.
  Tensor result = network(x, level).contiguous();
  if (descriptor_ < 0) return result;
  if (is_recordable(result, x))
    write_entry(head, result);
  else
    give_up("holds float32 in main memory, of x's shape, and nothing else");
  return result;
}

/// Undefined when the record has no such entry.
Tensor StepRecord::read_entry(const EntryHead& wanted, const Tensor& x) {
  std::string bytes(sizeof wanted + wanted.bytes, '\0');
  uint64_t checksum;
  const bool is_there = read_at(descriptor_, end_, bytes.data(), bytes.size()) &&
                        read_at(descriptor_, end_ + static_cast<int64_t>(bytes.size()), &checksum, sizeof checksum);
  if (!is_there || std::memcmp(bytes.data(), &wanted, sizeof wanted) != 0 || checksum != checksum_of(bytes)) return {};
  end_ += static_cast<int64_t>(bytes.size() + sizeof checksum);
  Tensor result = at::empty(x.sizes(), at::kFloat);
  std::memcpy(result.data_ptr(), bytes.data() + sizeof wanted, wanted.bytes);
  return result;
}

void StepRecord::write_entry(const EntryHead& head, const Tensor& result) {
  std::string bytes;
  bytes.reserve(sizeof head + head.bytes + sizeof(uint64_t));
  append(bytes, head);
  bytes.append(static_cast<const char*>(result.data_ptr()), result.nbytes());
  append(bytes, checksum_of(bytes));
  write(bytes);
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

/// An entry that was half written stays: its checksum does not fit, and the next run ends the record before it.
void StepRecord::give_up(const std::string& why) {
  spdlog::warn("the record of steps {} {}; after a death of this worker the job begins anew", file_.string(), why);
  if (descriptor_ >= 0) ::close(descriptor_);
  descriptor_ = -1;
}

}  // namespace alice
