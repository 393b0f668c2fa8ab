#include "server/jobs/sqlite/job_rows.h"

#include <algorithm>
#include <utility>

#include "server/jobs/job_store.h"

namespace alice {
namespace {

const std::string kJobs =
    "SELECT id, status, request, preview_every, request_id, attempts, worker_deaths, created_ms, started_ms, "
    "finished_ms, error_code, error_place, error_sentence, warnings, settings, resumed_from, estimate, owner, turn, "
    "request_key, fingerprint, label, priority, deadline_ms, kept FROM jobs ";
const std::string kPictures = "SELECT " + kPictureColumns + " FROM pictures ";
const std::string kOwnedPicture = "SELECT " + kPictureColumns + ", owner FROM pictures JOIN jobs ON id = job ";

/// As kJobs, with prompts cut while SQLite reads them.
std::string listed_jobs() {
  const std::string letters = std::to_string(kListedLetters + 1);
  std::string columns = kJobs;
  for (const std::string column : {"request", "settings"}) {
    std::string cut = "json_replace(" + column;
    for (const std::string name : {"'$.prompt'", "'$.negative_prompt'"})
      cut += ", " + name + ", substr(json_extract(" + column + ", " + name + "), 1, " + letters + ")";
    columns.replace(columns.find(" " + column + ",") + 1, column.size(), cut + ")");
  }
  return columns;
}

/// Greater than every id: ids are hex digits.
const std::string kAfterEveryId = "~";

}  // namespace

PictureFile read_picture(const StatementUse& use) {
  PictureFile picture;
  picture.index = use.integer(0), picture.file = use.text(1), picture.sha256 = use.text(2);
  picture.bytes = use.integer(3), picture.width = use.integer(4), picture.height = use.integer(5);
  picture.seed = use.integer(6), picture.removed_ms = use.optional_integer(7);
  return picture;
}

JobRows::JobRows(SQLite::Database& database, std::string file)
    : file_(std::move(file)),
      find_(database, kJobs + "WHERE id = ?1"),
      find_by_key_(database, kJobs + "WHERE owner = ?1 AND request_key = ?2"),
      list_(database, listed_jobs() + "WHERE id < ?1 ORDER BY id DESC LIMIT ?2"),
      list_of_owner_(database, listed_jobs() + "WHERE id < ?1 AND owner = ?3 ORDER BY id DESC LIMIT ?2"),
      list_by_status_(database, listed_jobs() + "WHERE id < ?1 AND status = ?3 ORDER BY id DESC LIMIT ?2"),
      list_of_owner_by_status_(
          database, listed_jobs() + "WHERE id < ?1 AND owner = ?3 AND status = ?4 ORDER BY id DESC LIMIT ?2"),
      list_by_label_(database, listed_jobs() +
                                   "WHERE id < ?1 AND label = ?3 AND (?4 = '' OR status = ?4) "
                                   "AND (?5 = 0 OR owner = ?6) ORDER BY id DESC LIMIT ?2"),
      newest_id_(database, "SELECT coalesce(max(id), '') FROM jobs"),
      unfinished_(database, kJobs + "WHERE status IN ('queued', 'running', 'cancelling') ORDER BY turn, id"),
      pictures_of_(database, kPictures + "WHERE job = ?1 ORDER BY position"),
      find_picture_(database, kOwnedPicture + "WHERE file = ?1") {}

std::optional<Job> JobRows::find(const std::string& id) const {
  StatementUse use(find_, id);
  if (!use.step()) return std::nullopt;
  return read_job(use);
}

std::optional<Job> JobRows::find_by_key(const std::string& owner, const std::string& key) const {
  StatementUse use(find_by_key_, owner, key);
  if (!use.step()) return std::nullopt;
  return read_job(use);
}

std::vector<Job> JobRows::list(const JobQuery& query) const {
  const std::string& end = query.before.empty() ? kAfterEveryId : query.before;
  const int64_t limit = std::max<int64_t>(query.limit, 0);
  const std::string status = query.status ? to_string(*query.status) : "";
  if (!query.label.empty())
    return read_jobs(StatementUse(list_by_label_, end, limit, query.label, status, int64_t{query.owner.has_value()},
                                  query.owner.value_or("")));
  if (query.owner && query.status)
    return read_jobs(StatementUse(list_of_owner_by_status_, end, limit, *query.owner, status));
  if (query.owner) return read_jobs(StatementUse(list_of_owner_, end, limit, *query.owner));
  if (query.status) return read_jobs(StatementUse(list_by_status_, end, limit, status));
  return read_jobs(StatementUse(list_, end, limit));
}

std::string JobRows::newest_id() const {
  StatementUse use(newest_id_);
  use.step();
  return use.text(0);
}

std::vector<Job> JobRows::unfinished() const { return read_jobs(StatementUse(unfinished_)); }

std::optional<OwnedPicture> JobRows::find_picture(const std::string& file) const {
  StatementUse use(find_picture_, file);
  if (!use.step()) return std::nullopt;
  return OwnedPicture{read_picture(use), use.text(8)};
}

std::vector<PictureFile> JobRows::pictures_of(const std::string& job) const {
  StatementUse use(pictures_of_, job);
  std::vector<PictureFile> pictures;
  while (use.step()) pictures.push_back(read_picture(use));
  return pictures;
}

Json JobRows::read_json(const StatementUse& use, int column) const {
  return parse_json(use.text(column), file_, ErrorCode::internal);
}

GenerateRequest JobRows::read_request(const StatementUse& use) const {
  try {
    return read_generate_request(read_json(use, 2));
  } catch (const Error& e) {
    throw Error(ErrorCode::internal, file_, "the request of job " + use.text(0) + " cannot be read: " + e.what());
  }
}

Estimate JobRows::read_estimate(const StatementUse& use) const {
  Faults faults;
  Estimate estimate =
      estimate_options().read(read_json(use, 16), UnknownKeys::pass_over, json_places("estimate"), faults);
  faults.throw_if_any(ErrorCode::internal);
  return estimate;
}

Job JobRows::read_job(const StatementUse& use) const {
  Job job;
  job.id = use.text(0);
  const auto status = job_status_from(use.text(1));
  if (!status.has_value())
    throw Error(ErrorCode::internal, file_, "job " + job.id + " has the unknown status '" + use.text(1) + "'");
  job.status = *status;
  job.request = {read_request(use), use.integer(3), use.text(4), use.text(17)};
  job.attempts = use.integer(5);
  job.worker_deaths = use.integer(6);
  job.created_ms = use.integer(7);
  job.started_ms = use.optional_integer(8);
  job.finished_ms = use.optional_integer(9);
  if (!use.is_null(10)) job.error = JobError{error_code_from(use.text(10)), use.text(11), use.text(12)};
  for (const Json& warning : read_json(use, 13)) job.warnings.push_back(warning.get<std::string>());
  job.settings = read_json(use, 14);
  job.resumed_from = use.integer(15);
  if (!use.is_null(16)) job.estimate = read_estimate(use);
  job.turn = use.number(18);
  if (!use.is_null(19)) job.request.key = use.text(19), job.fingerprint = use.text(20);
  if (!use.is_null(21)) job.request.terms.label = use.text(21);
  job.request.terms.priority = use.integer(22);
  job.request.terms.deadline_ms = use.optional_integer(23);
  job.is_kept = use.integer(24) != 0;
  if (job.status == JobStatus::succeeded) job.pictures = pictures_of(job.id);
  return job;
}

std::vector<Job> JobRows::read_jobs(StatementUse&& use) const {
  std::vector<Job> jobs;
  while (use.step()) jobs.push_back(read_job(use));
  return jobs;
}

}  // namespace alice
