#pragma once
// The SHA-256 of large files, computed once: beside other work, and kept on the disk.

#include <condition_variable>
#include <deque>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "core/base/sha256.h"

namespace alice {

/// A hash belongs to a file's path, size and time of change (file_stamp()): one that was written to is read again. Any
/// thread; several processes may keep theirs in one file, which is replaced whole.
class FileHashes {
 public:
  /// `kept_in`: the file that hashes are kept in; made with its folder when there is something to keep. One that is
  /// damaged, or cannot be written, is as none. Empty: nothing is kept.
  explicit FileHashes(std::filesystem::path kept_in);
  /// Breaks off what is being read.
  ~FileHashes();
  FileHashes(const FileHashes&) = delete;
  FileHashes& operator=(const FileHashes&) = delete;

  /// Begins to read those files that are not known, one after the other, on a thread of its own that gives way to all
  /// others.
  void begin(const std::vector<std::filesystem::path>& files);
  /// 64 small hex digits; "" for a file that cannot be read. What is not known yet it waits for and helps to read: on a
  /// machine that is busy nobody else might. Calls `check`, which may throw, every tenth of a second meanwhile, or more
  /// often.
  std::string get(const std::filesystem::path& file, const std::function<void()>& check = nullptr);

  /// Remembers that `source`, a file or folder, has the hash `sha256`.
  void note_source(const std::string& sha256, const std::filesystem::path& source);
  /// The file or folder of this machine that had this hash (or one that begins so) when it was last seen; empty when
  /// none is known, or it is not there any more.
  std::filesystem::path source_of(const std::string& sha256) const;

 private:
  struct Known {
    std::string stamp, sha256;
  };

  class Reading;

  void work();
  std::string read(const std::string& file);
  bool is_known(const std::string& file, std::string& sha256) const;  // with mutex_ held
  void read_kept();
  void keep() const;

  const std::filesystem::path kept_in_;
  mutable std::mutex mutex_;  // guards all below
  std::condition_variable changed_;
  std::map<std::string, Known> known_;                    // by path
  std::map<std::string, std::string> sources_;            // by hash
  std::deque<std::string> waiting_;
  std::shared_ptr<Reading> reading_;  // of the first that waits, once it is open
  std::thread thread_;  // made when there is something to do
  bool stop_ = false;
};

}  // namespace alice
