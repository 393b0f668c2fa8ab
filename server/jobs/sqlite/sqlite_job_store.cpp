#include <SQLiteCpp/Database.h>
#include <SQLiteCpp/Transaction.h>

#include <algorithm>
#include <array>
#include <utility>

#include "server/jobs/job_store.h"
#include "server/jobs/sqlite/schema.h"
#include "server/jobs/sqlite/statement.h"

namespace alice {
namespace {

/// Whoever else reads the file (a backup, a person) is waited for.
constexpr int kBusyTimeoutMs = 10'000;

constexpr const char* kColumns =
    "SELECT id, status, request, preview_every, request_id, attempts, worker_deaths, created_ms, started_ms, "
    "finished_ms, error_code, error_place, error_sentence, warnings, settings, resumed_from FROM jobs ";

/// As kColumns, with prompts cut while SQLite reads them.
std::string listed_columns() {
  const std::string letters = std::to_string(kListedLetters + 1);
  std::string columns = kColumns;
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

/// Nothing is written before the file is known to be ours.
void settle_how_it_is_written(SQLite::Database& database, const std::string& file) {
  prepare_schema(database);
  database.exec("PRAGMA synchronous = FULL");
  database.exec("PRAGMA foreign_keys = ON");
  if (database.execAndGet("PRAGMA journal_mode = WAL").getString() != "wal")
    throw Error(ErrorCode::bad_config, file,
                "SQLite cannot keep a write-ahead log here: the folder must be on a local disk");
}

SQLite::Database open_database(const std::string& file, bool to_write) {
  try {
    const int how = to_write ? SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE : SQLite::OPEN_READONLY;
    SQLite::Database database(file, how, kBusyTimeoutMs);
    if (to_write) settle_how_it_is_written(database, file);
    return database;
  } catch (const SQLite::Exception& e) {
    if (!to_write) throw Error(ErrorCode::internal, file, std::string("the job database failed: ") + e.what());
    throw Error(ErrorCode::bad_config, file,
                std::string("the job database cannot be opened: ") + e.what() +
                    "; nothing was changed: repair it or move it away, or name another data directory");
  }
}

class SqliteJobStore final : public JobStore {
 public:
  SqliteJobStore(const std::string& file, bool to_write) : file_(file), database_(open_database(file, to_write)) {}

  void add(const Job& job) override {
    guarded([&] {
      StatementUse(add_, job.id, dump_json(write_generate_request(job.request.generate)), job.request.preview_every,
                   job.request.request_id, job.created_ms)
          .run();
    });
  }

  std::optional<int64_t> begin(const std::string& id, int64_t now_ms) override {
    return guarded([&]() -> std::optional<int64_t> {
      StatementUse use(begin_, id, now_ms);
      if (!use.step()) return std::nullopt;
      const int64_t attempt = use.integer(0);
      use.step();  // to the statement's end, which commits
      return attempt;
    });
  }

  bool put_back(const std::string& id, int64_t attempt, bool worker_died) override {
    return guarded([&] { return StatementUse(put_back_, id, attempt, int64_t{worker_died}).run() == 1; });
  }

  bool succeed(const Job& job, int64_t attempt) override {
    return guarded([&] {
      SQLite::Transaction transaction(database_);
      const int changed = StatementUse(succeed_, job.id, attempt, job.finished_ms.value_or(job.created_ms),
                                       dump_json(job.warnings), dump_json(job.settings), job.resumed_from)
                              .run();
      if (changed != 1) return false;
      for (const PictureFile& picture : job.pictures)
        StatementUse(add_picture_, job.id, picture.index, picture.file, picture.sha256, picture.bytes, picture.width,
                     picture.height, picture.seed)
            .run();
      transaction.commit();
      return true;
    });
  }

  bool fail(const std::string& id, int64_t attempt, const JobError& error, int64_t now_ms, bool worker_died) override {
    return guarded([&] {
      return StatementUse(fail_, id, attempt, now_ms, int64_t{worker_died}, std::string(to_string(error.code)),
                          error.place, error.sentence)
                 .run() == 1;
    });
  }

  bool cancel(const std::string& id, int64_t now_ms) override {
    return guarded([&] { return StatementUse(cancel_, id, now_ms).run() == 1; });
  }

  bool let_go(const std::string& id, int64_t now_ms) override {
    return guarded([&] { return StatementUse(let_go_, id, now_ms).run() == 1; });
  }

  std::optional<Job> find(const std::string& id) const override {
    return guarded([&]() -> std::optional<Job> {
      StatementUse use(find_, id);
      if (!use.step()) return std::nullopt;
      return read_job(use);
    });
  }

  std::vector<Job> list(int64_t limit, const std::string& before, std::optional<JobStatus> status) const override {
    return guarded([&] {
      const std::string& end = before.empty() ? kAfterEveryId : before;
      limit = std::max<int64_t>(limit, 0);
      if (!status.has_value()) return read_jobs(StatementUse(list_, end, limit));
      return read_jobs(StatementUse(list_by_status_, end, limit, std::string(to_string(*status))));
    });
  }

  std::vector<Job> unfinished() const override {
    return guarded([&] { return read_jobs(StatementUse(unfinished_)); });
  }

  std::optional<PictureFile> find_picture(const std::string& file) const override {
    return guarded([&]() -> std::optional<PictureFile> {
      StatementUse use(find_picture_, file);
      if (!use.step()) return std::nullopt;
      return read_picture(use);
    });
  }

 private:
  /// What goes wrong in the database, or in what it holds, is the store's fault.
  template <class Action>
  auto guarded(Action&& action) const -> decltype(action()) {
    try {
      return action();
    } catch (const SQLite::Exception& e) {
      throw Error(ErrorCode::internal, file_, std::string("the job database failed: ") + e.what());
    } catch (const Json::exception& e) {
      throw Error(ErrorCode::internal, file_,
                  std::string("the job database holds what ALICE never wrote: ") + e.what());
    }
  }

  Json read_json(const StatementUse& use, int column) const {
    return parse_json(use.text(column), file_, ErrorCode::internal);
  }

  GenerateRequest read_request(const StatementUse& use) const {
    try {
      return read_generate_request(read_json(use, 2));
    } catch (const Error& e) {
      throw Error(ErrorCode::internal, file_, "the request of job " + use.text(0) + " cannot be read: " + e.what());
    }
  }

  Job read_job(const StatementUse& use) const {
    Job job;
    job.id = use.text(0);
    const auto status = job_status_from(use.text(1));
    if (!status.has_value())
      throw Error(ErrorCode::internal, file_, "job " + job.id + " has the unknown status '" + use.text(1) + "'");
    job.status = *status;
    job.request = {read_request(use), use.integer(3), use.text(4)};
    job.attempts = use.integer(5);
    job.worker_deaths = use.integer(6);
    job.created_ms = use.integer(7);
    job.started_ms = use.optional_integer(8);
    job.finished_ms = use.optional_integer(9);
    if (!use.is_null(10)) job.error = JobError{error_code_from(use.text(10)), use.text(11), use.text(12)};
    for (const Json& warning : read_json(use, 13)) job.warnings.push_back(warning.get<std::string>());
    job.settings = read_json(use, 14);
    job.resumed_from = use.integer(15);
    if (job.status == JobStatus::succeeded) job.pictures = pictures_of(job.id);
    return job;
  }

  std::vector<Job> read_jobs(StatementUse&& use) const {
    std::vector<Job> jobs;
    while (use.step()) jobs.push_back(read_job(use));
    return jobs;
  }

  static PictureFile read_picture(const StatementUse& use) {
    PictureFile picture;
    picture.index = use.integer(0), picture.file = use.text(1), picture.sha256 = use.text(2);
    picture.bytes = use.integer(3), picture.width = use.integer(4), picture.height = use.integer(5);
    picture.seed = use.integer(6);
    return picture;
  }

  std::vector<PictureFile> pictures_of(const std::string& id) const {
    StatementUse use(pictures_of_, id);
    std::vector<PictureFile> pictures;
    while (use.step()) pictures.push_back(read_picture(use));
    return pictures;
  }

  SQLite::Statement prepare(const std::string& sql) const { return {database_, sql}; }

  std::string file_;
  SQLite::Database database_;

  SQLite::Statement add_ = prepare(
      "INSERT INTO jobs (id, status, request, preview_every, request_id, created_ms) "
      "VALUES (?1, 'queued', ?2, ?3, ?4, ?5)");
  SQLite::Statement begin_ = prepare(
      "UPDATE jobs SET status = 'running', attempts = attempts + 1, started_ms = coalesce(started_ms, ?2) "
      "WHERE id = ?1 AND status = 'queued' RETURNING attempts");
  SQLite::Statement put_back_ = prepare(
      "UPDATE jobs SET status = 'queued', worker_deaths = worker_deaths + ?3 "
      "WHERE id = ?1 AND attempts = ?2 AND status = 'running'");
  SQLite::Statement succeed_ = prepare(
      "UPDATE jobs SET status = 'succeeded', finished_ms = ?3, warnings = ?4, settings = ?5, resumed_from = ?6 "
      "WHERE id = ?1 AND attempts = ?2 AND status = 'running'");
  SQLite::Statement add_picture_ = prepare(
      "INSERT INTO pictures (job, position, file, sha256, bytes, width, height, seed) "
      "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)");
  SQLite::Statement fail_ = prepare(
      "UPDATE jobs SET status = 'failed', finished_ms = ?3, worker_deaths = worker_deaths + ?4, error_code = ?5, "
      "error_place = ?6, error_sentence = ?7 WHERE id = ?1 AND attempts = ?2 AND status = 'running'");
  SQLite::Statement cancel_ = prepare(
      "UPDATE jobs SET status = iif(status = 'queued', 'cancelled', 'cancelling'), "
      "finished_ms = iif(status = 'queued', ?2, NULL) WHERE id = ?1 AND status IN ('queued', 'running')");
  SQLite::Statement let_go_ =
      prepare("UPDATE jobs SET status = 'cancelled', finished_ms = ?2 WHERE id = ?1 AND status = 'cancelling'");

  // Reading moves a statement on, though it changes nothing that a caller could see.
  mutable SQLite::Statement find_ = prepare(std::string(kColumns) + "WHERE id = ?1");
  mutable SQLite::Statement list_ = prepare(listed_columns() + "WHERE id < ?1 ORDER BY id DESC LIMIT ?2");
  mutable SQLite::Statement list_by_status_ =
      prepare(listed_columns() + "WHERE id < ?1 AND status = ?3 ORDER BY id DESC LIMIT ?2");
  mutable SQLite::Statement unfinished_ =
      prepare(std::string(kColumns) + "WHERE status IN ('queued', 'running', 'cancelling') ORDER BY id");
  mutable SQLite::Statement pictures_of_ = prepare(
      "SELECT position, file, sha256, bytes, width, height, seed FROM pictures WHERE job = ?1 ORDER BY position");
  mutable SQLite::Statement find_picture_ =
      prepare("SELECT position, file, sha256, bytes, width, height, seed FROM pictures WHERE file = ?1");
};

std::unique_ptr<JobStore> open_store(const std::string& file, bool to_write) {
  try {
    return std::make_unique<SqliteJobStore>(file, to_write);
  } catch (const SQLite::Exception& e) {
    const ErrorCode code = to_write ? ErrorCode::bad_config : ErrorCode::internal;
    throw Error(code, file, std::string("has not the tables of its version: ") + e.what());
  }
}

}  // namespace

std::unique_ptr<JobStore> open_sqlite_job_store(const std::string& file) { return open_store(file, true); }
std::unique_ptr<JobStore> open_sqlite_job_reader(const std::string& file) { return open_store(file, false); }

}  // namespace alice
