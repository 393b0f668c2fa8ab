#pragma once
// The files of jobs: pictures, and the records from which a job goes on after a death.

#include <filesystem>
#include <set>
#include <string>

#include "server/jobs/job.h"

namespace alice {

/// Removing is best effort: what cannot be removed is logged. One thread at a time.
class JobFiles {
 public:
  /// Makes the folders. Throws Error(bad_config) that names the one that cannot be made.
  JobFiles(const std::filesystem::path& data_directory, std::filesystem::path images_directory);

  const std::filesystem::path& pictures_folder() const { return pictures_; }
  std::filesystem::path record_file(const std::string& job) const;
  /// The name that picture `index` of a job must have.
  static std::string picture_name(const std::string& job, int64_t index);

  void remove_record(const std::string& job) const;
  void remove_pictures(const Job& job) const;
  /// Halves of pictures whose writer is gone.
  void sweep_pictures() const;
  /// What processes left that ended too suddenly: halves of pictures, and records of jobs that are not among
  /// `unfinished`.
  void sweep(const std::set<std::string>& unfinished) const;

 private:
  std::filesystem::path records_, pictures_;
};

}  // namespace alice
