#include "core/host/model_hashes.h"

#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "core/host/blueprint.h"
#include "core/host/file_stamp.h"
#include "core/host/weights_hash.h"

namespace alice {
namespace {

struct Stopped {};

std::string stamp_of(const std::vector<std::string>& files) {
  std::string stamp;
  for (const std::string& file : files) stamp += file_stamp(file) + "\n";
  return stamp;
}

}  // namespace

ModelHashes::ModelHashes(const std::filesystem::path& cache_folder, std::function<void()> on_news)
    : on_news_(std::move(on_news)),
      files_(cache_folder.empty() ? std::filesystem::path() : cache_folder / "hashes.json") {}

ModelHashes::~ModelHashes() {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    stop_ = true;
  }
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
}

std::string ModelHashes::of(const Blueprint& plan) {
  const Wanted wanted = {plan.config.source, plan.own_weights, stamp_of(plan.own_weights)};
  const std::lock_guard<std::mutex> lock(mutex_);
  const auto known = known_.find(wanted.source.string());
  if (known != known_.end() && known->second.stamp == wanted.stamp) return known->second.sha256;
  const bool is_waiting = std::any_of(waiting_.begin(), waiting_.end(), [&](const Wanted& one) {
    return one.source == wanted.source && one.stamp == wanted.stamp;
  });
  if (is_waiting || wanted.files.empty()) return "";
  waiting_.push_back(wanted);
  if (!thread_.joinable()) thread_ = std::thread([this] { work(); });
  changed_.notify_all();
  return "";
}

void ModelHashes::work() {
  // Of this thread alone, as Linux has it: whoever computes a picture goes first.
  ::setpriority(PRIO_PROCESS, static_cast<id_t>(::syscall(SYS_gettid)), 19);
  bool has_news = false;
  std::unique_lock<std::mutex> lock(mutex_);
  while (!stop_) {
    changed_.wait(lock, [&] { return stop_ || !waiting_.empty(); });
    if (stop_) return;
    const Wanted wanted = waiting_.front();
    lock.unlock();
    std::string sha256;
    try {
      sha256 = read(wanted);
    } catch (const Stopped&) {
      return;
    }
    lock.lock();
    has_news = has_news || !sha256.empty();
    known_[wanted.source.string()] = {wanted.stamp, std::move(sha256)};
    waiting_.pop_front();
    if (!waiting_.empty() || !std::exchange(has_news, false)) continue;
    lock.unlock();
    on_news_();
    lock.lock();
  }
}

std::string ModelHashes::read(const Wanted& wanted) {
  const auto go_on = [this] {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (stop_) throw Stopped{};
  };
  return hash_of_files(wanted.source, wanted.files,
                       [&](const std::filesystem::path& file) { return files_.get(file, go_on); });
}

}  // namespace alice
