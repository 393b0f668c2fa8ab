#include "server/front/job_desk.h"

#include <spdlog/spdlog.h>

#include <random>
#include <set>
#include <system_error>
#include <utility>

#include "core/base/utf8.h"
#include "server/front/announcing_store.h"
#include "server/front/blocked_words.h"
#include "server/front/desk_thread.h"
#include "server/front/dispatcher.h"
#include "server/front/folder_lock.h"
#include "server/front/job_events.h"
#include "server/front/job_files.h"
#include "server/front/job_log.h"
#include "server/front/job_reader.h"
#include "server/front/job_watchers.h"
#include "server/front/state_board.h"

namespace alice {
namespace {

Error stopping() { return {ErrorCode::busy, "", "the server is stopping; try again when it is back"}; }

/// What `action` returns or throws.
template <class T, class Action>
Outcome<T> outcome_of(Action&& action) {
  try {
    return action();
  } catch (const Error& e) {
    return e;
  }
}

/// 32 bits: every attempt uses the same, and people can type it.
int64_t drawn_seed() { return static_cast<int64_t>(std::random_device{}()); }

/// Jobs that the last process left, queued again, but for those that were being cancelled: they are now. None of their
/// workers lives: it was this process's right to lock the folder.
std::vector<Job> take_up(JobStore& store, const JobFiles& files) {
  ids_begin_above(store.newest_id());
  std::vector<Job> jobs;
  for (Job& job : store.unfinished()) {
    if (job.status == JobStatus::cancelling) {
      store.let_go(job.id, now_ms());
      files.remove_pictures(job);
      continue;
    }
    if (job.status == JobStatus::running) store.put_back(job.id, job.attempts, /*worker_died=*/false);
    job.status = JobStatus::queued;
    jobs.push_back(std::move(job));
  }
  if (!jobs.empty()) spdlog::info("{} jobs of before are taken up", jobs.size());
  return jobs;
}

Dispatcher::Settings dispatcher_settings(const JobDeskSettings& settings) {
  std::vector<WorkerGroupSettings> groups = settings.groups;
  groups.insert(groups.begin(), {kDefaultGroup, {}, settings.workers, settings.job_attempts, settings.breaker,
                                 settings.most_seconds});
  return {std::move(groups),      settings.queue_size, settings.default_model,
          settings.watch_plugins, settings.max_record, settings.retention};
}

}  // namespace

/// What lives on the desk's thread.
class JobDesk::Room {
 public:
  explicit Room(const JobDeskSettings& settings)
      : settings_(settings),
        blocked_(settings.blocked_words),
        files_(settings.data_directory, settings.images_directory, settings.reserve),
        lock_(settings.data_directory),
        store_(std::make_unique<AnnouncingStore>(settings.open_store((settings.data_directory / kJobDatabase).string()),
                                                 board_)),
        reader_((settings.data_directory / kJobDatabase).string(), board_),
        dispatcher_(thread_.io(), dispatcher_settings(settings), {*store_, files_, lock_}, watchers_, board_) {
    thread_.post([this, unfinished = take_up(*store_, files_)](bool) { begin(unfinished); });
    thread_.start();
  }

  ~Room() { stop(); }

  void stop() {
    reader_.stop();
    thread_.stop([this] {
      dispatcher_.stop();
      store_.reset();  // here, for closing writes
    });
  }

  /// DeskThread::post().
  template <class Action>
  void post(Action action) {
    thread_.post(std::move(action));
  }

  /// Calls `then` with what `action` returns or throws.
  template <class T, class Action>
  void answer(Then<T> then, Action action) {
    post([then = std::move(then), action = std::move(action)](bool closed) {
      then(closed ? Outcome<T>(stopping()) : outcome_of<T>(action));
    });
  }

  void submit(const JobRequest& request, const Then<Job>& then);
  Job cancel(const std::string& id, const Viewer& viewer);
  Job find(const std::string& id, const Viewer& viewer) const;
  Job keep(const std::string& id, const Viewer& viewer, bool is_kept);
  void watch(const std::string& id, const Viewer& viewer, OnJobEvent on_event,
             const Then<std::shared_ptr<JobWatch>>& then);
  void watch_all(const Viewer& viewer, const std::string& after, OnJobEvent on_event,
                 const Then<std::shared_ptr<JobWatch>>& then);

  const JobStore& store() const { return *store_; }
  JobReader& reader() { return reader_; }
  Dispatcher& dispatcher() { return dispatcher_; }
  const StateBoard& board() const { return board_; }

 private:
  void begin(const std::vector<Job>& unfinished);
  Job accept(JobRequest request);
  void check_share(const JobRequest& request) const;
  std::optional<Job> known_job(const JobRequest& request) const;
  void keep_inputs(JobRequest& request);

  const JobDeskSettings settings_;
  const BlockedWords blocked_;
  const JobFiles files_;
  FolderLock lock_;
  StateBoard board_;
  std::unique_ptr<JobStore> store_;
  JobWatchers watchers_;
  JobReader reader_;
  DeskThread thread_;
  Dispatcher dispatcher_;
};

void JobDesk::Room::begin(const std::vector<Job>& unfinished) {
  std::set<std::string> ids;
  for (const Job& job : unfinished) ids.insert(job.id);
  files_.sweep(ids);
  files_.sweep_inputs(unfinished);
  dispatcher_.start(unfinished);
}

/// A model or LoRA that nobody knows may have come since the workers looked: they look again before it is refused.
void JobDesk::Room::submit(const JobRequest& request, const Then<Job>& then) {
  const auto try_it = [this, request] { return outcome_of<Job>([&] { return accept(request); }); };
  Outcome<Job> outcome = try_it();
  const auto* error = std::get_if<Error>(&outcome);
  if (error == nullptr || error->code() != ErrorCode::not_found) return then(std::move(outcome));
  dispatcher_.refresh([try_it, then, refused = *error](const Outcome<Json>& described) {
    then(std::holds_alternative<Json>(described) ? try_it() : Outcome<Job>(refused));
  });
}

Job JobDesk::Room::accept(JobRequest request) {
  if (auto known = known_job(request)) return std::move(*known);
  Job job;
  if (!request.key.empty()) job.fingerprint = fingerprint_of(request);
  GenerateRequest& generate = request.generate;
  blocked_.check(generate);
  dispatcher_.admit(generate);
  check_share(request);
  keep_inputs(request);
  if (!generate.seed.has_value()) generate.seed = drawn_seed();
  job.id = new_job_id();
  job.request = std::move(request);
  job.created_ms = now_ms();
  JobQueue::Place place = dispatcher_.place(job);
  job.turn = place.turn;
  try {
    store_->add(job, {place.moved, job.request.limits.daily_pictures});
  } catch (const Error& e) {
    if (e.code() != ErrorCode::busy) dispatcher_.store_failed(e);
    throw;
  }
  dispatcher_.enqueue(job, place.moved);
  std::string text = fmt::format("queued as number {}", dispatcher_.queued());
  if (settings_.log_prompts) text += ": " + job.request.generate.prompt;
  spdlog::info(job_line(job.id, job.request.request_id, text));
  return job;
}

void JobDesk::Room::check_share(const JobRequest& request) const {
  const int64_t most = request.limits.waiting_jobs;
  if (most > 0 && dispatcher_.waiting_of(request.owner) >= most)
    throw Error(ErrorCode::busy, kSharePlace,
                fmt::format("{} of your jobs wait already, which is as many as one caller may have", most));
}

/// The job that the same request, by its key, has brought before.
std::optional<Job> JobDesk::Room::known_job(const JobRequest& request) const {
  if (request.key.empty()) return std::nullopt;
  auto known = store_->find_by_key(request.owner, request.key);
  if (known.has_value() && known->fingerprint != fingerprint_of(request))
    throw Error(ErrorCode::bad_request, kRequestKeyPlace,
                "was another request's, which asked for something else (job " + known->id + ")");
  return known;
}

/// Before the job itself is kept: a job on the disk has all that it needs.
void JobDesk::Room::keep_inputs(JobRequest& request) {
  try {
    files_.keep_inputs(request.sent);
  } catch (const Error& e) {
    const bool is_gone = e.code() == ErrorCode::not_found;  // the folder
    const Error failure(is_gone ? ErrorCode::storage_failed : e.code(), e.place(), e.sentence());
    dispatcher_.store_failed(failure);
    throw failure;
  }
  request.sent.clear();
  files_.check_inputs(request.generate);
}

Job JobDesk::Room::find(const std::string& id, const Viewer& viewer) const {
  auto job = store_->find(id);
  if (!job.has_value() || !viewer.sees(job->request.owner)) throw no_such_job(id);
  return std::move(*job);
}

Job JobDesk::Room::cancel(const std::string& id, const Viewer& viewer) {
  dispatcher_.cancel(id, viewer);
  return find(id, viewer);
}

void JobDesk::Room::watch(const std::string& id, const Viewer& viewer, OnJobEvent on_event,
                          const Then<std::shared_ptr<JobWatch>>& then) {
  JobWatchers::Added added;
  JobEvent first;
  first.id = id;
  try {
    if (auto present = dispatcher_.present(id, viewer)) {
      first = std::move(*present);
      first.id = id;
    } else {
      first.job = find(id, viewer);
      first.kind = JobEvent::Kind::ended;
    }
  } catch (const Error& e) {
    return then(e);
  }
  const bool goes_on = first.kind != JobEvent::Kind::ended && first.kind != JobEvent::Kind::handed_back;
  added = goes_on ? watchers_.add(id, std::move(on_event)) : JobWatchers::add_ended(std::move(on_event));
  then(std::move(added.watch));
  JobWatchers::tell(added.line, first);
}

Job JobDesk::Room::keep(const std::string& id, const Viewer& viewer, bool is_kept) {
  find(id, viewer);
  try {
    store_->keep(id, is_kept);
  } catch (const Error& e) {
    dispatcher_.store_failed(e);
    throw;
  }
  return find(id, viewer);
}

/// All in one go on this thread: nothing happens meanwhile, and nothing is told twice.
void JobDesk::Room::watch_all(const Viewer& viewer, const std::string& after, OnJobEvent on_event,
                              const Then<std::shared_ptr<JobWatch>>& then) {
  std::vector<JobEvent> first;
  const auto add = [&](const std::string& id, const std::string& mark, JobEvent event) {
    event.id = id, event.mark = mark;
    first.push_back(std::move(event));
  };
  using Ends = std::vector<JobWatchers::EndOf>;
  const std::optional<Ends> ends = after.empty() ? Ends() : watchers_.ended_behind(after, viewer);
  if (!ends) add("", watchers_.mark(), missed_event());
  try {
    for (const auto& [id, mark] : ends.value_or(Ends()))
      if (auto job = store_->find(id)) add(id, mark, ended_event(*job));
  } catch (const Error& e) {
    return then(e);
  }
  for (auto& [job, event] : dispatcher_.present_of_all(viewer)) add(job.id, watchers_.mark(), std::move(event));
  JobWatchers::Added added = watchers_.add_to_all(viewer, std::move(on_event));
  then(std::move(added.watch));
  for (const JobEvent& event : first) JobWatchers::tell(added.line, event);
}

JobDesk::JobDesk(const JobDeskSettings& settings) : room_(std::make_unique<Room>(settings)) {}

JobDesk::~JobDesk() = default;

void JobDesk::submit(JobRequest request, Then<Job> then) {
  room_->post([room = room_.get(), request = std::move(request), then = std::move(then)](bool closed) {
    if (closed) return then(stopping());
    room->submit(request, then);
  });
}

void JobDesk::cancel(const std::string& id, const Viewer& viewer, Then<Job> then) {
  room_->answer<Job>(std::move(then), [room = room_.get(), id, viewer] { return room->cancel(id, viewer); });
}

void JobDesk::find(const std::string& id, const Viewer& viewer, Then<Job> then) {
  room_->reader().find(id, viewer, std::move(then));
}

void JobDesk::list(const JobQuery& query, Then<std::vector<Job>> then) {
  room_->reader().list(query, std::move(then));
}

void JobDesk::find_picture(const std::string& file, const Viewer& viewer, Then<PictureFile> then) {
  room_->answer<PictureFile>(std::move(then), [room = room_.get(), file, viewer] {
    auto found = room->store().find_picture(file);
    if (found.has_value() && viewer.sees(found->owner)) return std::move(found->picture);
    throw Error(ErrorCode::not_found, "", "there is no picture '" + brief(file, 64) + "'");
  });
}

void JobDesk::watch(const std::string& id, const Viewer& viewer, OnJobEvent on_event,
                    Then<std::shared_ptr<JobWatch>> then) {
  room_->post([room = room_.get(), id, viewer, on_event = std::move(on_event), then = std::move(then)](bool closed) {
    if (closed) return then(stopping());
    room->watch(id, viewer, on_event, then);
  });
}

void JobDesk::watch_all(const Viewer& viewer, const std::string& after, OnJobEvent on_event,
                        Then<std::shared_ptr<JobWatch>> then) {
  room_->post([room = room_.get(), viewer, after, on_event = std::move(on_event), then = std::move(then)](bool closed) {
    if (closed) return then(stopping());
    room->watch_all(viewer, after, on_event, then);
  });
}

void JobDesk::cancel_labelled(const std::string& label, const Viewer& viewer, Then<int64_t> then) {
  room_->answer<int64_t>(std::move(then), [room = room_.get(), label, viewer] {
    return room->dispatcher().cancel_labelled(label, viewer);
  });
}

void JobDesk::keep(const std::string& id, const Viewer& viewer, bool is_kept, Then<Job> then) {
  room_->answer<Job>(std::move(then),
                     [room = room_.get(), id, viewer, is_kept] { return room->keep(id, viewer, is_kept); });
}

void JobDesk::refresh(Then<Json> then) {
  room_->post([room = room_.get(), then = std::move(then)](bool closed) {
    if (closed) return then(stopping());
    room->dispatcher().refresh(then);
  });
}

void JobDesk::reload_plugins(Then<std::vector<GroupReload>> then) {
  room_->post([room = room_.get(), then = std::move(then)](bool closed) {
    if (closed) return then(stopping());
    room->dispatcher().reload_plugins(then);
  });
}

std::shared_ptr<const ServerState> JobDesk::state() const { return room_->board().snapshot(); }

void JobDesk::drain(std::chrono::milliseconds deadline, std::function<void()> on_done) {
  room_->post([room = room_.get(), deadline, on_done = std::move(on_done)](bool closed) {
    if (closed) return on_done();
    room->dispatcher().drain(deadline, on_done);
  });
}

void JobDesk::stop() { room_->stop(); }

}  // namespace alice
