#include "server/front/job_queue.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace alice {
namespace {

template <class Jobs>
auto find_job(Jobs& jobs, const std::string& id) {
  return std::find_if(jobs.begin(), jobs.end(), [&](const Job& job) { return job.id == id; });
}

/// What a job takes of its owner's share.
double cost_of(const Job& job) { return static_cast<double>(job.request.generate.n); }

}  // namespace

double JobQueue::present() const {
  if (begun_.has_value()) return *begun_;
  return jobs_.empty() ? 0 : jobs_.front().turn - cost_of(jobs_.front());
}

double JobQueue::next_turn(const Job& job) const {
  const auto last = last_turns_.find(job.request.owner);
  return std::max(present(), last == last_turns_.end() ? 0 : last->second) + cost_of(job);
}

/// The places of the owner's share that begin at the first job of a smaller priority are given out anew.
JobQueue::Place JobQueue::place(const Job& job) const {
  Place place;
  std::optional<double> end;  // of the place that was given last
  for (const Job& other : jobs_) {
    const bool is_before = other.request.owner != job.request.owner ||
                           other.request.terms.priority >= job.request.terms.priority ||
                           other.turn <= present();  // it was begun already, and is first again
    if (is_before) continue;
    const double begin = other.turn - cost_of(other);
    if (!end) end = place.turn = begin + cost_of(job);
    end = std::max(*end, begin) + cost_of(other);
    place.moved.push_back({other.id, *end});
  }
  if (!end) place.turn = next_turn(job);
  return place;
}

void JobQueue::move(const std::vector<JobTurn>& moved) {
  for (const JobTurn& one : moved) {
    Job job = take(one.id);
    job.turn = one.turn;
    add(std::move(job));
  }
}

int64_t JobQueue::count_of(const std::string& owner) const {
  return std::count_if(jobs_.begin(), jobs_.end(), [&](const Job& job) { return job.request.owner == owner; });
}

int64_t JobQueue::add(Job job) {
  double& last = last_turns_[job.request.owner];
  last = std::max(last, job.turn);
  const auto behind = std::upper_bound(jobs_.begin(), jobs_.end(), job.turn,
                                       [](double turn, const Job& other) { return turn < other.turn; });
  return std::distance(jobs_.begin(), jobs_.insert(behind, std::move(job))) + 1;
}

Job JobQueue::take(const std::string& id) {
  const auto found = find_job(jobs_, id);
  Job job = std::move(*found);
  jobs_.erase(found);
  forget_turns_of(job.request.owner);
  return job;
}

/// What an owner has taken back is no part of its share.
void JobQueue::forget_turns_of(const std::string& owner) {
  last_turns_.erase(owner);
  for (const Job& job : jobs_)
    if (job.request.owner == owner) last_turns_[owner] = job.turn;
}

Job JobQueue::take_first() {
  Job job = std::move(jobs_.front());
  jobs_.pop_front();
  begun_ = std::max(begun_.value_or(job.turn), job.turn);
  for (auto last = last_turns_.begin(); last != last_turns_.end();)
    last = last->second <= *begun_ ? last_turns_.erase(last) : std::next(last);
  return job;
}

const Job& JobQueue::job(const std::string& id) const { return *find_job(jobs_, id); }

std::optional<int64_t> JobQueue::position(const std::string& id) const {
  const auto found = find_job(jobs_, id);
  if (found == jobs_.end()) return std::nullopt;
  return found - jobs_.begin() + 1;
}

}  // namespace alice
