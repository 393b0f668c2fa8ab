#include <SQLiteCpp/Transaction.h>
#include <unistd.h>

#include <utility>

#include "server/jobs/job_store.h"
#include "server/jobs/sqlite/database_place.h"
#include "server/jobs/sqlite/expiry.h"
#include "server/jobs/sqlite/job_rows.h"
#include "server/jobs/sqlite/open_database.h"
#include "server/jobs/sqlite/sweep_preview.h"
#include "server/jobs/sqlite/usage.h"
#include "server/sqlite/statement.h"

namespace alice {
namespace {

/// An open database, and what is prepared in it.
struct Connection {
  explicit Connection(const std::string& file) : database(open_job_database(file)), rows(database, file), place(file) {}

  SQLite::Statement prepare(const std::string& sql) { return {database, sql}; }

  SQLite::Database database;
  const JobRows rows;
  const DatabasePlace place;
  Expiry expiry{database};
  Usage usage{database};

  SQLite::Statement add = prepare(
      "INSERT INTO jobs (id, status, request, preview_every, request_id, created_ms, owner, turn, request_key, "
      "fingerprint, label, priority, deadline_ms) VALUES (?1, 'queued', ?2, ?3, ?4, ?5, ?6, ?7, nullif(?8, ''), "
      "nullif(?9, ''), nullif(?10, ''), ?11, nullif(?12, 0))");
  SQLite::Statement move = prepare("UPDATE jobs SET turn = ?2 WHERE id = ?1 AND status = 'queued'");
  SQLite::Statement forget = prepare("DELETE FROM jobs WHERE id = ?1 AND status = 'queued' AND attempts = 0");
  SQLite::Statement begin = prepare(
      "UPDATE jobs SET status = 'running', attempts = attempts + 1, started_ms = coalesce(started_ms, ?2) "
      "WHERE id = ?1 AND status = 'queued' RETURNING attempts");
  SQLite::Statement put_back = prepare(
      "UPDATE jobs SET status = 'queued', worker_deaths = worker_deaths + ?3 "
      "WHERE id = ?1 AND attempts = ?2 AND status = 'running'");
  SQLite::Statement note_estimate =
      prepare("UPDATE jobs SET estimate = ?3 WHERE id = ?1 AND attempts = ?2 AND status = 'running'");
  SQLite::Statement succeed = prepare(
      "UPDATE jobs SET status = 'succeeded', finished_ms = ?3, warnings = ?4, settings = ?5, resumed_from = ?6 "
      "WHERE id = ?1 AND attempts = ?2 AND status = 'running'");
  SQLite::Statement add_picture = prepare(
      "INSERT INTO pictures (job, position, file, sha256, bytes, width, height, seed) "
      "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)");
  SQLite::Statement fail = prepare(
      "UPDATE jobs SET status = 'failed', finished_ms = ?3, worker_deaths = worker_deaths + ?4, error_code = ?5, "
      "error_place = ?6, error_sentence = ?7 WHERE id = ?1 AND attempts = ?2 AND status = 'running'");
  SQLite::Statement cancel = prepare(
      "UPDATE jobs SET status = iif(status = 'queued', 'cancelled', 'cancelling'), "
      "finished_ms = iif(status = 'queued', ?2, NULL), error_code = nullif(?3, ''), error_place = nullif(?4, ''), "
      "error_sentence = nullif(?5, '') WHERE id = ?1 AND status IN ('queued', 'running')");
  SQLite::Statement keep = prepare("UPDATE jobs SET kept = ?2 WHERE id = ?1");
  SQLite::Statement let_go =
      prepare("UPDATE jobs SET status = 'cancelled', finished_ms = ?2 WHERE id = ?1 AND status = 'cancelling'");
};

/// What nobody said is not written: a row is written anew with each of its job's states.
std::string request_text(const GenerateRequest& request) {
  const Json all = write_generate_request(request);
  Json said = Json::object();
  for (const auto& field : all.items())
    if (!field.value().is_null()) said[field.key()] = field.value();
  return dump_json(said);
}

class SqliteJobStore final : public JobStore {
 public:
  using JobStore::add;
  using JobStore::cancel;
  explicit SqliteJobStore(const std::string& file) : file_(file) { open(); }

  void add(const Job& job, const JobIntake& intake) override {
    write([&](Connection& c) {
      SQLite::Transaction transaction(c.database);
      if (intake.daily_pictures > 0) c.usage.reserve(job, intake.daily_pictures);
      const JobRequest& request = job.request;
      StatementUse(c.add, job.id, request_text(request.generate), request.preview_every, request.request_id,
                   job.created_ms, request.owner, job.turn, request.key, job.fingerprint, request.terms.label,
                   request.terms.priority, request.terms.deadline_ms.value_or(0))
          .run();
      for (const JobTurn& moved : intake.moved) StatementUse(c.move, moved.id, moved.turn).run();
      transaction.commit();
    });
    try {
      connection_->place.check();  // it may have been deleted meanwhile: nobody may be told that the job is kept
    } catch (const Error&) {
      as_store(file_, [&] { forget(*connection_, job); });
      throw;
    }
  }

  std::optional<int64_t> begin(const std::string& id, int64_t now_ms) override {
    return write([&](Connection& c) -> std::optional<int64_t> {
      StatementUse use(c.begin, id, now_ms);
      if (!use.step()) return std::nullopt;
      const int64_t attempt = use.integer(0);
      use.step();  // to the statement's end, which commits
      return attempt;
    });
  }

  bool put_back(const std::string& id, int64_t attempt, bool worker_died) override {
    return write(
        [&](Connection& c) { return StatementUse(c.put_back, id, attempt, int64_t{worker_died}).run() == 1; });
  }

  bool note_estimate(const std::string& id, int64_t attempt, const Estimate& estimate) override {
    return write([&](Connection& c) {
      return StatementUse(c.note_estimate, id, attempt, dump_json(estimate_options().write(estimate))).run() == 1;
    });
  }

  bool succeed(const Job& job, int64_t attempt) override {
    return write([&](Connection& c) {
      SQLite::Transaction transaction(c.database);
      const int changed = StatementUse(c.succeed, job.id, attempt, job.finished_ms.value_or(job.created_ms),
                                       dump_json(job.warnings), dump_json(job.settings), job.resumed_from)
                              .run();
      if (changed != 1) return false;
      for (const PictureFile& picture : job.pictures)
        StatementUse(c.add_picture, job.id, picture.index, picture.file, picture.sha256, picture.bytes, picture.width,
                     picture.height, picture.seed)
            .run();
      transaction.commit();
      return true;
    });
  }

  bool fail(const std::string& id, int64_t attempt, const JobError& error, int64_t now_ms, bool worker_died) override {
    return write([&](Connection& c) {
      return StatementUse(c.fail, id, attempt, now_ms, int64_t{worker_died}, std::string(to_string(error.code)),
                          error.place, error.sentence)
                 .run() == 1;
    });
  }

  bool cancel(const std::string& id, int64_t now_ms, const std::optional<JobError>& why) override {
    return write([&](Connection& c) {
      return StatementUse(c.cancel, id, now_ms, std::string(why ? to_string(why->code) : ""),
                          why ? why->place : std::string(), why ? why->sentence : std::string())
                 .run() == 1;
    });
  }

  bool keep(const std::string& id, bool is_kept) override {
    return write([&](Connection& c) { return StatementUse(c.keep, id, int64_t{is_kept}).run() == 1; });
  }

  bool let_go(const std::string& id, int64_t now_ms) override {
    return write([&](Connection& c) { return StatementUse(c.let_go, id, now_ms).run() == 1; });
  }

  std::optional<Job> find(const std::string& id) const override {
    return read([&](const JobRows& rows) { return rows.find(id); });
  }
  std::vector<Job> list(const JobQuery& query) const override {
    return read([&](const JobRows& rows) { return rows.list(query); });
  }
  std::optional<Job> find_by_key(const std::string& owner, const std::string& key) const override {
    return read([&](const JobRows& rows) { return rows.find_by_key(owner, key); });
  }
  std::string newest_id() const override {
    return read([](const JobRows& rows) { return rows.newest_id(); });
  }
  std::vector<Job> unfinished() const override {
    return read([](const JobRows& rows) { return rows.unfinished(); });
  }
  std::optional<OwnedPicture> find_picture(const std::string& file) const override {
    return read([&](const JobRows& rows) { return rows.find_picture(file); });
  }

  SweepPreview preview_sweep(const Retention& retention, int64_t now_ms) const override {
    return read([&](const JobRows& rows) {
      return alice::preview_sweep(connection().database, rows, retention, now_ms);
    });
  }

  std::vector<ExpiredJob> expire_jobs(const RetentionRule& rule, int64_t now_ms, int64_t limit) override {
    return write([&](Connection& c) { return c.expiry.jobs(c.rows, rule, now_ms, limit); });
  }
  std::vector<ExpiredPicture> expire_pictures(const RetentionRule& rule, int64_t now_ms, int64_t limit) override {
    return write([&](Connection& c) { return c.expiry.pictures(rule, now_ms, limit); });
  }

  void check() const override { connection().place.check(); }

  void recover() override {
    if (connection_ == nullptr) open_again();
    try {
      check();
    } catch (const Error&) {
      restore();
    }
    write([](Connection& c) {
      c.database.exec("PRAGMA wal_checkpoint(TRUNCATE)");
      const int64_t version = c.database.execAndGet("PRAGMA user_version").getInt64();
      c.database.exec("PRAGMA user_version = " + std::to_string(version));  // a write that changes nothing
    });
  }

 private:
  /// Runs `action`, which writes, on files that are at their paths.
  template <class Action>
  auto write(Action&& action) -> decltype(action(std::declval<Connection&>())) {
    Connection& c = connection();
    c.place.check();
    return as_store(file_, [&] { return action(c); });
  }
  template <class Action>
  auto read(Action&& action) const -> decltype(action(std::declval<const JobRows&>())) {
    Connection& c = connection();
    return as_store(file_, [&] { return action(c.rows); });
  }

  static void forget(Connection& c, const Job& job) {
    StatementUse(c.forget, job.id).run();
    c.usage.release(job.id);
  }

  Connection& connection() const {
    if (connection_ == nullptr) throw Error(ErrorCode::storage_failed, file_, "the job database could not be opened");
    return *connection_;
  }

  void open() {
    put_restored_in_place(file_);
    connection_ = std::make_unique<Connection>(file_);
  }

  /// The open files hold every job still, wherever their names went: all of it is copied before they are closed.
  void restore() {
    connection_->place.restore_folder();
    const std::string copy = file_ + ".restoring";
    ::unlink(copy.c_str());
    as_store(file_, [&] {
      SQLite::Statement vacuum = connection_->prepare("VACUUM INTO ?1");
      StatementUse(vacuum, copy).run();
    });
    keep_restored_copy(copy, file_);
    connection_.reset();
    open_again();
  }

  /// What is the operator's configuration at the start is the disk's failure later.
  void open_again() {
    try {
      open();
    } catch (const std::exception& e) {
      throw Error(ErrorCode::storage_failed, file_, e.what());
    }
  }

  const std::string file_;
  std::unique_ptr<Connection> connection_;
};

/// Reads beside the store that writes.
class SqliteJobReader final : public JobLookup {
 public:
  explicit SqliteJobReader(const std::string& file)
      : file_(file), database_(open_to_read(file)), rows_(database_, file) {}

  std::optional<Job> find(const std::string& id) const override {
    return as_store(file_, [&] { return rows_.find(id); });
  }
  std::vector<Job> list(const JobQuery& query) const override {
    return as_store(file_, [&] { return rows_.list(query); });
  }
  std::optional<Job> find_by_key(const std::string& owner, const std::string& key) const override {
    return as_store(file_, [&] { return rows_.find_by_key(owner, key); });
  }
  std::string newest_id() const override {
    return as_store(file_, [&] { return rows_.newest_id(); });
  }
  std::vector<Job> unfinished() const override {
    return as_store(file_, [&] { return rows_.unfinished(); });
  }
  std::optional<OwnedPicture> find_picture(const std::string& file) const override {
    return as_store(file_, [&] { return rows_.find_picture(file); });
  }
  SweepPreview preview_sweep(const Retention& retention, int64_t now_ms) const override {
    return as_store(file_, [&] { return alice::preview_sweep(database_, rows_, retention, now_ms); });
  }

 private:
  const std::string file_;
  mutable SQLite::Database database_;  // reading it is no change that a caller could see
  const JobRows rows_;
};

}  // namespace

std::unique_ptr<JobLookup> open_sqlite_job_reader(const std::string& file) {
  return as_store(file, [&] { return std::make_unique<SqliteJobReader>(file); });
}

std::unique_ptr<JobStore> open_sqlite_job_store(const std::string& file) {
  try {
    return std::make_unique<SqliteJobStore>(file);
  } catch (const SQLite::Exception& e) {
    throw Error(ErrorCode::bad_config, file, std::string("has not the tables of its version: ") + e.what());
  }
}

}  // namespace alice
