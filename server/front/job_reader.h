#pragma once
// Jobs and lists of them, read by a connection and a thread of their own: long ones hold up nobody who brings a job.

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "server/front/desk_thread.h"
#include "server/front/job_service.h"
#include "server/front/state_board.h"
#include "server/jobs/job_store.h"

namespace alice {

/// Error(not_found).
Error no_such_job(const std::string& id);

class JobReader {
 public:
  /// Of a database that the store has opened already. A status that `board` does not count yet is not told before it
  /// does: what a client reads here, /metrics says too. `board` must outlive it.
  JobReader(std::string file, const StateBoard& board);
  ~JobReader() { stop(); }

  /// JobStore::list(). Error(busy) when too many wait for theirs, or after stop(); Error(storage_failed) when the
  /// database fails. `then` is called on the reader's thread, or on the caller's.
  void list(const JobQuery& query, Then<std::vector<Job>> then);
  /// The job; Error(not_found) for an unknown id, or another's. Otherwise as list(), but however many wait.
  void find(const std::string& id, const Viewer& viewer, Then<Job> then);
  /// Ends the thread. Any thread but the reader's.
  void stop();

 private:
  /// Calls `then` with what `read` gives or throws.
  template <class T, class Read>
  void answer(Then<T> then, Read read);
  const JobLookup& store();

  const std::string file_;
  const StateBoard& board_;
  std::atomic<int64_t> waiting_{0};
  DeskThread thread_;
  // The thread's own.
  std::unique_ptr<JobLookup> store_;
  std::pair<uint64_t, uint64_t> opened_;  // device and number of the file that store_ reads
};

}  // namespace alice
