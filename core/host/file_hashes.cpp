#include "core/host/file_hashes.h"

#include <sodium.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>

#include "core/base/atomic_file.h"
#include "core/base/json.h"
#include "core/base/regular_file.h"
#include "core/host/file_stamp.h"

namespace alice {
namespace {

namespace fs = std::filesystem;

constexpr size_t kBlock = size_t{1} << 20;
constexpr size_t kMostKept = 2000;  // files; beyond that those are let go whose paths come last
constexpr std::chrono::milliseconds kPatience{100};

using Digest = std::array<unsigned char, crypto_hash_sha256_BYTES>;

std::string hex(const Digest& digest) {
  std::string digits(2 * digest.size() + 1, '\0');
  sodium_bin2hex(digits.data(), digits.size(), digest.data(), digest.size());
  digits.pop_back();  // the closing 0
  return digits;
}

/// Reads a block of what somebody waits for; false when there is nothing left. What cannot be read the thread tells.
template <class Reading>
bool help(Reading& reading) {
  try {
    return reading.advance();
  } catch (const Error&) {
    return false;
  }
}

bool begins_with(const std::string& text, const std::string& begin) {
  return text.compare(0, begin.size(), begin) == 0;
}

std::string text_in(const Json& object, const char* name) {
  const auto found = object.find(name);
  return found != object.end() && found->is_string() ? found->get<std::string>() : "";
}

}  // namespace

/// A file that is being read, by whoever comes: the thread that gives way to all others, and those who wait for it. Any
/// thread.
class FileHashes::Reading {
 public:
  /// Throws Error for one that cannot be opened.
  explicit Reading(const std::string& file) : in_(file) { crypto_hash_sha256_init(&state_); }

  /// Reads another block, unless somebody else does so for longer than kPatience; false when there is nothing left to
  /// read. Throws Error.
  bool advance() {
    const std::unique_lock<std::timed_mutex> lock(mutex_, kPatience);
    if (!lock.owns_lock()) return true;
    if (at_ >= in_.size()) return false;
    const std::string block = in_.read(at_, static_cast<size_t>(std::min<uint64_t>(kBlock, in_.size() - at_)));
    crypto_hash_sha256_update(&state_, reinterpret_cast<const unsigned char*>(block.data()), block.size());
    at_ += block.size();
    return true;
  }

  /// Of all that was read.
  std::string sha256() const {
    crypto_hash_sha256_state state = state_;
    Digest digest;
    crypto_hash_sha256_final(&state, digest.data());
    return hex(digest);
  }

 private:
  std::timed_mutex mutex_;  // guards all below
  const RegularFile in_;
  crypto_hash_sha256_state state_;
  uint64_t at_ = 0;
};

FileHashes::FileHashes(fs::path kept_in) : kept_in_(std::move(kept_in)) { read_kept(); }

FileHashes::~FileHashes() {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    stop_ = true;
  }
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void FileHashes::begin(const std::vector<fs::path>& files) {
  const std::lock_guard<std::mutex> lock(mutex_);
  std::string sha256;
  for (const fs::path& file : files) {
    const std::string name = file.string();
    if (!is_known(name, sha256) && std::find(waiting_.begin(), waiting_.end(), name) == waiting_.end())
      waiting_.push_back(name);
  }
  if (waiting_.empty()) return;
  if (!thread_.joinable()) thread_ = std::thread([this] { work(); });
  changed_.notify_all();
}

std::string FileHashes::get(const fs::path& file, const std::function<void()>& check) {
  begin({file});
  std::unique_lock<std::mutex> lock(mutex_);
  const std::string name = file.string();
  const auto is_waiting = [&] { return std::find(waiting_.begin(), waiting_.end(), name) != waiting_.end(); };
  while (is_waiting()) {
    const std::shared_ptr<Reading> reading = reading_;
    if (!reading) changed_.wait_for(lock, kPatience);
    lock.unlock();
    const bool is_read = reading && !help(*reading);
    if (check) check();
    lock.lock();
    if (is_read) changed_.wait_for(lock, kPatience, [&] { return !is_waiting(); });
  }
  const auto found = known_.find(name);
  return found == known_.end() ? "" : found->second.sha256;
}

void FileHashes::work() {
  // Of this thread alone, as Linux has it: whoever computes a picture goes first.
  ::setpriority(PRIO_PROCESS, static_cast<id_t>(::syscall(SYS_gettid)), 19);
  std::unique_lock<std::mutex> lock(mutex_);
  while (!stop_) {
    changed_.wait(lock, [&] { return stop_ || !waiting_.empty(); });
    if (stop_) return;
    const std::string file = waiting_.front();
    lock.unlock();
    const std::string before = file_stamp(file);
    const std::string sha256 = read(file);
    const bool is_same = file_stamp(file) == before;
    lock.lock();
    if (stop_) return;
    reading_.reset();
    waiting_.pop_front();
    if (is_same) known_[file] = {before, sha256};
    changed_.notify_all();
    lock.unlock();
    keep();
    lock.lock();
  }
}

/// "" when it cannot be read to its end, or everything stops.
std::string FileHashes::read(const std::string& file) {
  try {
    const auto reading = std::make_shared<Reading>(file);
    std::unique_lock<std::mutex> lock(mutex_);
    reading_ = reading;
    while (!stop_) {
      lock.unlock();
      if (!reading->advance()) return reading->sha256();
      lock.lock();
    }
    return "";
  } catch (const Error&) {
    return "";
  }
}

bool FileHashes::is_known(const std::string& file, std::string& sha256) const {
  const auto found = known_.find(file);
  if (found == known_.end() || found->second.sha256.empty() || found->second.stamp != file_stamp(file)) return false;
  sha256 = found->second.sha256;
  return true;
}

void FileHashes::note_source(const std::string& sha256, const fs::path& source) {
  if (sha256.empty()) return;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    std::error_code status;
    std::string& noted = sources_[sha256];
    const std::string path = fs::absolute(source, status).lexically_normal().string();
    if (noted == path) return;
    noted = path;
  }
  keep();
}

fs::path FileHashes::source_of(const std::string& sha256) const {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (sha256.empty()) return {};
  const auto found = sources_.lower_bound(sha256);
  std::error_code status;
  const bool is_it = found != sources_.end() && begins_with(found->first, sha256) && fs::exists(found->second, status);
  return is_it ? fs::path(found->second) : fs::path();
}

void FileHashes::read_kept() {
  std::error_code status;
  if (kept_in_.empty() || !fs::is_regular_file(kept_in_, status)) return;
  try {
    const Json kept = read_json_file(kept_in_);
    const Json files = kept.value("files", Json::object()), sources = kept.value("sources", Json::object());
    for (const auto& [file, entry] : files.items())
      if (entry.is_object() && !text_in(entry, "sha256").empty())
        known_.emplace(file, Known{text_in(entry, "stamp"), text_in(entry, "sha256")});
    for (const auto& [sha256, source] : sources.items())
      if (source.is_string()) sources_.emplace(sha256, source.get<std::string>());
  } catch (const std::exception&) {  // damaged: as if there were none
  }
}

/// What others have kept meanwhile stays.
void FileHashes::keep() const {
  if (kept_in_.empty()) return;
  try {
    FileHashes theirs(kept_in_);
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      for (const auto& [file, known] : known_)
        if (!known.sha256.empty()) theirs.known_[file] = known;
      for (const auto& [sha256, source] : sources_) theirs.sources_[sha256] = source;
    }
    Json files = Json::object(), sources = Json::object();
    std::error_code status;
    for (const auto& [file, known] : theirs.known_)
      if (files.size() < kMostKept && fs::exists(file, status))
        files[file] = {{"stamp", known.stamp}, {"sha256", known.sha256}};
    for (const auto& [sha256, source] : theirs.sources_)
      if (sources.size() < kMostKept && fs::exists(source, status)) sources[sha256] = source;
    fs::create_directories(kept_in_.parent_path());
    AtomicFile out(kept_in_);
    out.write(dump_json({{"files", files}, {"sources", sources}}, 1) + "\n");
    out.commit();
  } catch (const std::exception&) {  // a disk that is full, a folder that is not ours: it is computed again
  }
}

}  // namespace alice
