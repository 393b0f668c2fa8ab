#pragma once
// Jobs that wait, in the order in which they will be begun: by their turns, a virtual time that is computed when a job
// comes (start-time fair queueing; Goyal, Vin and Cheng, SIGCOMM 1996). Each job of an owner stands one picture's worth
// behind the one before, from the present on; so whoever has one job waits behind one of each other owner's, however
// many these have. Within an owner's share, jobs of a greater priority take the places of those of a smaller one, which
// move back by as much.

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "server/jobs/job_store.h"

namespace alice {

/// One thread at a time. Looking a job up takes time in proportion to the queue, which is short.
class JobQueue {
 public:
  bool empty() const { return jobs_.empty(); }
  int64_t size() const { return static_cast<int64_t>(jobs_.size()); }
  const std::deque<Job>& jobs() const { return jobs_; }

  struct Place {
    double turn = 0;
    std::vector<JobTurn> moved;  ///< its owner's jobs that make room for it
  };
  /// Where a job stands that comes now. Two that are asked for one after the other are equal, unless the first is added.
  Place place(const Job& job) const;
  /// Gives new turns to jobs that wait.
  void move(const std::vector<JobTurn>& moved);
  int64_t count_of(const std::string& owner) const;
  /// A job that has its turn; returns its position. Before the first one is taken the queue begins at the smallest turn
  /// that it knows, as behind a restart.
  int64_t add(Job job);
  /// First of all: of a job whose worker died, for it has waited already.
  void put_back(Job job) { jobs_.push_front(std::move(job)); }
  /// The queue must not be empty.
  const Job& front() const { return jobs_.front(); }
  /// By position; must be there.
  const Job& at(int64_t position) const { return jobs_.at(static_cast<size_t>(position - 1)); }
  /// It must wait.
  const Job& job(const std::string& id) const;
  /// Takes a job out; it must wait.
  Job take(const std::string& id);
  /// The first one, to be begun: the present is its turn now. The queue must not be empty.
  Job take_first();
  /// 1 is next; nothing when the job does not wait.
  std::optional<int64_t> position(const std::string& id) const;

 private:
  double present() const;
  double next_turn(const Job& job) const;
  void forget_turns_of(const std::string& owner);

  std::deque<Job> jobs_;
  std::map<std::string, double> last_turns_;  // by owner; of those that are beyond the present
  std::optional<double> begun_;               // the greatest turn that was begun: never falls
};

}  // namespace alice
