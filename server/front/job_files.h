#pragma once
// The files of jobs: pictures, those that they are made from, and the records from which a job goes on after a death.

#include <cstdint>
#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include "core/base/kept_folder.h"
#include "server/jobs/job.h"

namespace alice {

struct RecordFile {
  std::string job;
  int64_t bytes = 0;
  int64_t written_ms = 0;  ///< since 1970, UTC: last
};

/// Removing is best effort: what cannot be removed is logged. One thread at a time.
class JobFiles {
 public:
  /// Makes the folders. `most_reserve`: how much of each disk is kept free, at most (reserve_of()). Throws
  /// Error(bad_config) that names the folder that cannot be made.
  JobFiles(const std::filesystem::path& data_directory, const std::filesystem::path& images_directory,
           int64_t most_reserve);

  const std::filesystem::path& pictures_folder() const { return pictures_.path(); }
  int64_t most_reserve() const { return most_reserve_; }
  std::filesystem::path record_file(const std::string& job) const;
  /// Pictures that jobs are made from lie here, each under its SHA-256.
  const std::filesystem::path& inputs_folder() const { return inputs_.path(); }
  /// The name that picture `index` of a job must have.
  static std::string picture_name(const Job& job, int64_t index);

  /// Throws Error(storage_failed) when a folder is not there or on another disk, Error(storage_full) when less is free
  /// than what is kept free. Writes nothing.
  void check() const;
  /// Makes folders again that are not there. Throws as KeptFolder::restore().
  void restore() const;
  /// Writes a small file into each folder. Throws storage_error().
  void try_writing() const;

  /// Writes what is not there yet; synced when it returns. Throws storage_error().
  void keep_inputs(const std::vector<SentPicture>& sent) const;
  /// Throws Error(bad_request) at "/image" or "/mask" for a picture that is not kept.
  void check_inputs(const GenerateRequest& request) const;
  /// Removes those that none of these jobs is made from.
  void sweep_inputs(const std::vector<Job>& unfinished) const;
  bool has_inputs() const;

  void remove_record(const std::string& job) const;
  void remove_pictures(const Job& job) const;
  void remove_picture(const std::string& file) const;
  /// Oldest first.
  std::vector<RecordFile> records() const;
  /// Halves of pictures whose writer is gone.
  void sweep_pictures() const;
  /// What processes left that ended too suddenly: halves of pictures, and records of jobs that are not among
  /// `unfinished`.
  void sweep(const std::set<std::string>& unfinished) const;

 private:
  const KeptFolder data_, records_, inputs_, pictures_;
  const int64_t most_reserve_;
};

}  // namespace alice
