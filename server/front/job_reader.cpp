#include "server/front/job_reader.h"

#include <sys/stat.h>

#include <exception>
#include <utility>

#include "core/base/utf8.h"

namespace alice {
namespace {

constexpr int64_t kMostWaiting = 64;

/// {0, 0} when there is none.
std::pair<uint64_t, uint64_t> identity_of(const std::string& file) {
  struct stat status {};
  if (::stat(file.c_str(), &status) != 0) return {};
  return {status.st_dev, status.st_ino};
}

Error busy(const char* sentence) { return {ErrorCode::busy, "", sentence}; }

}  // namespace

Error no_such_job(const std::string& id) {
  return {ErrorCode::not_found, "", "there is no job '" + brief(id, 64) + "'"};
}

template <class T, class Read>
void JobReader::answer(Then<T> then, Read read) {
  thread_.post([this, then = std::move(then), read = std::move(read)](bool closed) {
    if (closed) return then(busy("the server is stopping"));
    Outcome<T> outcome = Error(ErrorCode::internal, file_, "");
    try {
      outcome = read();
    } catch (const Error& error) {
      outcome = error;
    } catch (const std::exception& error) {
      outcome = Error(ErrorCode::internal, file_, error.what());
    }
    then(std::move(outcome));
  });
}

JobReader::JobReader(std::string file, const StateBoard& board) : file_(std::move(file)), board_(board) {
  thread_.start();
}

void JobReader::list(const JobQuery& query, Then<std::vector<Job>> then) {
  if (waiting_ >= kMostWaiting) return then(busy("too many lists of jobs are asked for at once"));
  ++waiting_;
  answer<std::vector<Job>>(std::move(then), [this, query] {
    --waiting_;
    std::vector<Job> jobs = store().list(query);
    board_.wait_until_told(jobs.data(), jobs.size());
    return jobs;
  });
}

void JobReader::find(const std::string& id, const Viewer& viewer, Then<Job> then) {
  answer<Job>(std::move(then), [this, id, viewer] {
    auto job = store().find(id);
    if (!job.has_value() || !viewer.sees(job->request.owner)) throw no_such_job(id);
    board_.wait_until_told(&*job, 1);
    return std::move(*job);
  });
}

void JobReader::stop() {
  thread_.stop([this] { store_.reset(); });
}

/// Opened anew when the file is another one than before.
const JobLookup& JobReader::store() {
  const auto now = identity_of(file_);
  if (store_ == nullptr || now != opened_) {
    store_.reset();
    store_ = open_sqlite_job_reader(file_);
    opened_ = now;
  }
  return *store_;
}

}  // namespace alice
