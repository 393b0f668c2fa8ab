#include "server/front/worker_group.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <utility>

#include "server/front/plugin_files.h"

namespace alice {
namespace {

using Clock = std::chrono::steady_clock;

std::string seconds(std::chrono::milliseconds time) {
  return fmt::format("{:g} s", std::chrono::duration<double>(time).count());
}

/// The libraries of a worker's description.
Json libraries_of(const Json& description) {
  return description.value("plugins", Json::object()).value("plugins", Json::array());
}

/// Why `library`, which was loaded, is missed among `libraries`; "" when it is loaded there too.
std::string loss_of(const Json& library, const Json& libraries) {
  const std::string file = library.value("file", "");
  for (const Json& other : libraries)
    if (other.value("file", "") == file)
      return other.value("loaded", false) ? "" : file + ": " + other.value("refused", "is refused without a reason");
  return file + " is not there any more";
}

}  // namespace

WorkerGroup::WorkerGroup(boost::asio::io_context& io, WorkerGroupSettings settings, GroupListener& listener)
    : settings_(std::move(settings)),
      listener_(listener),
      pool_(io, settings_.workers, *this),
      breaker_(settings_.breaker),
      rest_(io) {}

void WorkerGroup::stop() {
  rest_.cancel();
  pool_.stop();
}

bool WorkerGroup::names(const std::string& model) const {
  return std::any_of(settings_.models.begin(), settings_.models.end(),
                     [&](const std::string& id) { return id == model || id.substr(id.find('/') + 1) == model; });
}

// --- jobs

void WorkerGroup::check_takes_jobs() const {
  const auto now = Clock::now();
  if (breaker_.state(now) != Breaker::State::resting) return;
  const auto left = std::chrono::ceil<std::chrono::seconds>(breaker_.rests_until() - now);
  throw Error(
      ErrorCode::busy, "/model",
      fmt::format("the workers of this model (group '{}') died {} times within {}, the last time because {}; "
                  "they rest for another {} s",
                  name(), breaker_.settings().deaths, seconds(breaker_.settings().window), last_death_, left.count()));
}

/// A group on trial has one job at a time.
bool WorkerGroup::may_begin() const {
  const auto state = breaker_.state(Clock::now());
  const bool is_tried = state == Breaker::State::on_trial && pool_.busy() > 0;
  return !queue_.empty() && state != Breaker::State::resting && !is_tried;
}

std::optional<size_t> WorkerGroup::worker_for_next() const { return may_begin() ? pool_.idle() : std::nullopt; }

void WorkerGroup::call_for_workers() {
  if (may_begin()) pool_.stop_preloads(static_cast<size_t>(queue_.size()));
}

GroupState WorkerGroup::state() const {
  GroupState state;
  state.name = name();
  state.models = settings_.models;
  state.workers = static_cast<int64_t>(size());
  state.ready = static_cast<int64_t>(pool_.ready());
  state.busy = static_cast<int64_t>(pool_.busy());
  state.preloading = static_cast<int64_t>(pool_.preloading());
  state.queued = queue_.size();
  state.deaths = deaths_;
  state.reloads = reloads_;
  state.trouble = pool_.trouble();
  if (breaker_.state(Clock::now()) != Breaker::State::resting) return state;
  state.rests_until = breaker_.rests_until();
  state.trouble = last_death_;
  return state;
}

// --- workers

std::string WorkerGroup::objection_to(const Described& newcomer) const {
  std::string losses;
  const Json libraries = libraries_of(newcomer.description);
  for (const Json& library : libraries_of(description_)) {
    const std::string loss = library.value("loaded", false) ? loss_of(library, libraries) : "";
    if (!loss.empty()) losses += (losses.empty() ? "" : "; ") + loss;
  }
  return losses;
}

void WorkerGroup::worker_says(size_t worker, ToFront message) {
  const auto* described = std::get_if<Described>(&message);
  if (described != nullptr && pool_.serves(worker)) description_ = described->description;
  if (std::holds_alternative<JobDone>(message) || std::holds_alternative<JobFailed>(message))
    breaker_.note_life(Clock::now());
  listener_.worker_says(*this, worker, std::move(message));
}

void WorkerGroup::worker_ended(size_t worker, const WorkerEnd& end, const std::optional<JobRun>& run, bool is_death) {
  spdlog::log(is_death ? spdlog::level::warn : spdlog::level::info, "worker={} {}", log_name(worker), end.sentence);
  if (is_death) note_death(end);
  listener_.worker_ended(*this, worker, end, run);
}

void WorkerGroup::note_death(const WorkerEnd& end) {
  ++deaths_;
  last_death_ = end.sentence;
  if (!end.preload.empty() || !end.looked_at.empty()) return;  // the pool has an end of these: no reason to refuse jobs
  breaker_.note_death(Clock::now());
  if (breaker_.state(Clock::now()) != Breaker::State::resting) return;
  spdlog::error("the group '{}' rests for {}: its workers die again and again", name(),
                seconds(breaker_.settings().pause));
  pool_.hold();
  rest_.expires_at(breaker_.rests_until());
  rest_.async_wait([this](const boost::system::error_code& fault) {
    if (!fault && breaker_.state(Clock::now()) != Breaker::State::resting) come_back();
  });
}

void WorkerGroup::come_back() {
  pool_.release();
  listener_.group_is_back(*this);
}

std::string WorkerGroup::plugins_stamp() const { return plugin_files_stamp(settings_.workers.plugins); }

bool WorkerGroup::plugins_look_half_written() const { return look_half_written(settings_.workers.plugins); }

void WorkerGroup::reload(std::function<void(GroupReload)> then) {
  if (!plugins_changed()) return then({name(), GroupReload::Outcome::unchanged, "", libraries_of(description_)});
  pool_.replace([this, then = std::move(then)](const std::string& reason) {
    if (reason.empty()) {
      spdlog::info("the group '{}' has new plugins", name());
      ++reloads_;
      breaker_.close();
      rest_.cancel();
      come_back();
    } else {
      spdlog::error("the plugins of the group '{}' are not reloaded, the old workers stay: {}", name(), reason);
    }
    const auto outcome = reason.empty() ? GroupReload::Outcome::loaded : GroupReload::Outcome::refused;
    then({name(), outcome, reason, libraries_of(description_)});
  });
}

}  // namespace alice
