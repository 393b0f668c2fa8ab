#pragma once
// Jobs and pictures as they are read from the tables.

#include <SQLiteCpp/Database.h>

#include <optional>
#include <string>
#include <vector>

#include "server/jobs/job_store.h"
#include "server/sqlite/statement.h"

namespace alice {

/// What read_picture() reads, in this order, from the table pictures.
inline const std::string kPictureColumns = "position, file, sha256, bytes, width, height, seed, removed_ms";
PictureFile read_picture(const StatementUse& use);

/// The reading half of a store, over any connection to its file, which must outlive it and have the tables. Functions
/// are those of JobStore. Throws what SQLite throws, Json::exception, and Error(internal) for what ALICE never wrote.
class JobRows {
 public:
  /// `file` names the database in errors.
  JobRows(SQLite::Database& database, std::string file);

  std::optional<Job> find(const std::string& id) const;
  std::vector<Job> list(const JobQuery& query) const;
  std::optional<Job> find_by_key(const std::string& owner, const std::string& key) const;
  std::string newest_id() const;
  std::vector<Job> unfinished() const;
  std::optional<OwnedPicture> find_picture(const std::string& file) const;
  std::vector<PictureFile> pictures_of(const std::string& job) const;

 private:
  Json read_json(const StatementUse& use, int column) const;
  GenerateRequest read_request(const StatementUse& use) const;
  Estimate read_estimate(const StatementUse& use) const;
  Job read_job(const StatementUse& use) const;
  std::vector<Job> read_jobs(StatementUse&& use) const;

  const std::string file_;
  // Reading moves a statement on, though it changes nothing that a caller could see.
  mutable SQLite::Statement find_, find_by_key_, list_, list_of_owner_, list_by_status_, list_of_owner_by_status_,
      list_by_label_, newest_id_, unfinished_, pictures_of_, find_picture_;
};

}  // namespace alice
