#pragma once
// The hashes of models, as recipes have them, read while nobody waits for them.

#include <condition_variable>
#include <deque>
#include <filesystem>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <thread>

#include "core/host/file_hashes.h"

namespace alice {

struct Blueprint;

/// Any thread.
class ModelHashes {
 public:
  /// `cache_folder`: as for RecipeBook. `on_news` is called on a thread of its own when all that was asked for is read,
  /// and something of it was not known before; it must not destroy this.
  ModelHashes(const std::filesystem::path& cache_folder, std::function<void()> on_news);
  /// Breaks off what is being read.
  ~ModelHashes();
  ModelHashes(const ModelHashes&) = delete;
  ModelHashes& operator=(const ModelHashes&) = delete;

  /// 64 small hex digits; "" while it is not known, and of what cannot be read. What is not known is read from now on,
  /// once for each path, size and time of its files, by a thread that gives way to all others.
  std::string of(const Blueprint& plan);

 private:
  struct Wanted {
    std::filesystem::path source;
    std::vector<std::string> files;
    std::string stamp;
  };
  struct Known {
    std::string stamp, sha256;
  };

  void work();
  std::string read(const Wanted& wanted);

  const std::function<void()> on_news_;
  FileHashes files_;
  std::mutex mutex_;  // guards all below
  std::condition_variable changed_;
  std::map<std::string, Known> known_;  // by source; what could not be read too
  std::deque<Wanted> waiting_;
  std::thread thread_;  // made when there is something to do
  bool stop_ = false;
};

}  // namespace alice
