#pragma once
// A job store before another one: what a subclass does not override is what that one does.

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "server/jobs/job_store.h"

namespace alice {

class ForwardingJobStore : public JobStore {
 public:
  explicit ForwardingJobStore(std::unique_ptr<JobStore> store) : store_(std::move(store)) {}

  using JobStore::add;
  using JobStore::cancel;
  void add(const Job& job, const JobIntake& intake) override { to_write().add(job, intake); }
  std::optional<int64_t> begin(const std::string& id, int64_t now_ms) override { return to_write().begin(id, now_ms); }
  bool put_back(const std::string& id, int64_t attempt, bool worker_died) override {
    return to_write().put_back(id, attempt, worker_died);
  }
  bool note_estimate(const std::string& id, int64_t attempt, const Estimate& estimate) override {
    return to_write().note_estimate(id, attempt, estimate);
  }
  bool succeed(const Job& job, int64_t attempt) override { return to_write().succeed(job, attempt); }
  bool fail(const std::string& id, int64_t attempt, const JobError& error, int64_t now_ms, bool worker_died) override {
    return to_write().fail(id, attempt, error, now_ms, worker_died);
  }
  bool cancel(const std::string& id, int64_t now_ms, const std::optional<JobError>& why) override {
    return to_write().cancel(id, now_ms, why);
  }
  bool keep(const std::string& id, bool is_kept) override { return to_write().keep(id, is_kept); }
  bool let_go(const std::string& id, int64_t now_ms) override { return to_write().let_go(id, now_ms); }

  std::optional<Job> find(const std::string& id) const override { return store_->find(id); }
  std::vector<Job> list(const JobQuery& query) const override { return store_->list(query); }
  std::optional<Job> find_by_key(const std::string& owner, const std::string& key) const override {
    return store_->find_by_key(owner, key);
  }
  std::string newest_id() const override { return store_->newest_id(); }
  std::vector<Job> unfinished() const override { return store_->unfinished(); }
  std::optional<OwnedPicture> find_picture(const std::string& file) const override {
    return store_->find_picture(file);
  }

  SweepPreview preview_sweep(const Retention& retention, int64_t now_ms) const override {
    return store_->preview_sweep(retention, now_ms);
  }

  std::vector<ExpiredJob> expire_jobs(const RetentionRule& rule, int64_t now_ms, int64_t limit) override {
    return to_write().expire_jobs(rule, now_ms, limit);
  }
  std::vector<ExpiredPicture> expire_pictures(const RetentionRule& rule, int64_t now_ms, int64_t limit) override {
    return to_write().expire_pictures(rule, now_ms, limit);
  }
  void check() const override { store_->check(); }
  void recover() override { to_write().recover(); }

 protected:
  /// The store behind it, for whoever is about to write.
  virtual JobStore& to_write() { return *store_; }

 private:
  const std::unique_ptr<JobStore> store_;
};

}  // namespace alice
