#include "server/front/sweeper.h"

#include <spdlog/spdlog.h>

#include <array>
#include <chrono>
#include <utility>

namespace alice {
namespace {

constexpr std::chrono::seconds kRound{60};
constexpr std::chrono::milliseconds kBreath{20};  // between two portions
constexpr int64_t kPortion = 100;

/// Counts what is removed, and logs it when it goes.
class Count {
 public:
  explicit Count(const char* things) : things_(things) {}
  ~Count() {
    constexpr std::array<const char*, 3> kWhy = {"are too old", "are too many", "take too much room"};
    for (size_t reason = 0; reason < kWhy.size(); ++reason)
      if (removed_[reason] > 0)
        spdlog::info("retention removed {} {} ({} bytes), which {}", removed_[reason], things_, bytes_[reason],
                     kWhy[reason]);
  }
  void add(RetentionReason reason, int64_t bytes) {
    ++removed_[static_cast<size_t>(reason)], bytes_[static_cast<size_t>(reason)] += bytes;
  }

 private:
  const char* const things_;
  std::array<int64_t, 3> removed_{}, bytes_{};
};

}  // namespace

Sweeper::Sweeper(boost::asio::io_context& io, const Retention& retention, JobStore& store, const JobFiles& files,
                 Callbacks callbacks)
    : retention_(retention), store_(store), files_(files), callbacks_(std::move(callbacks)), timer_(io) {}

void Sweeper::start() { wait(/*is_more=*/true); }

void Sweeper::wait(bool is_more) {
  timer_.expires_after(is_more ? kBreath : std::chrono::milliseconds(kRound));
  timer_.async_wait([this](const boost::system::error_code& fault) {
    if (!fault && !is_stopped_) go_round();
  });
}

void Sweeper::go_round() {
  bool is_more = false;
  try {
    if (callbacks_.may_write()) {
      is_more = sweep_jobs();
      is_more = sweep_pictures() || is_more;
      if (!is_more) sweep_records();
      if (!is_more && files_.has_inputs()) files_.sweep_inputs(store_.unfinished());
    }
  } catch (const Error& e) {
    callbacks_.failed(e);
  }
  wait(is_more);
}

/// True when there may be more.
bool Sweeper::sweep_jobs() {
  if (retention_.jobs.keeps_all()) return false;
  Count jobs("jobs"), pictures("pictures of jobs");
  const std::vector<ExpiredJob> expired = store_.expire_jobs(retention_.jobs, now_ms(), kPortion);
  for (const ExpiredJob& job : expired) {
    jobs.add(job.reason, 0);
    for (const PictureFile& picture : job.pictures) {
      files_.remove_picture(picture.file);
      pictures.add(job.reason, picture.bytes);
    }
  }
  return static_cast<int64_t>(expired.size()) == kPortion;
}

bool Sweeper::sweep_pictures() {
  if (retention_.pictures.keeps_all()) return false;
  Count pictures("pictures");
  const std::vector<ExpiredPicture> expired = store_.expire_pictures(retention_.pictures, now_ms(), kPortion);
  for (const ExpiredPicture& one : expired) {
    files_.remove_picture(one.picture.file);
    pictures.add(one.reason, one.picture.bytes);
  }
  return static_cast<int64_t>(expired.size()) == kPortion;
}

/// A job that waits to go on begins anew without its record.
void Sweeper::sweep_records() {
  if (retention_.records.keeps_all()) return;
  Count records("records of waiting jobs");
  const std::set<std::string> runs = callbacks_.runs();
  const std::vector<RecordFile> all = files_.records();  // oldest first
  int64_t bytes = 0;
  for (const RecordFile& record : all) bytes += record.bytes;
  RetentionTally tally(retention_.records, now_ms(), static_cast<int64_t>(all.size()), bytes);
  for (const RecordFile& record : all) {
    if (runs.count(record.job) > 0) continue;
    const auto reason = tally.verdict(record.written_ms);
    if (!reason.has_value()) return;
    files_.remove_record(record.job);
    tally.removed(record.bytes);
    records.add(*reason, record.bytes);
  }
}

}  // namespace alice
