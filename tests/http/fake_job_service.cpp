#include "tests/http/fake_job_service.h"

#include <algorithm>
#include <array>
#include <fstream>
#include <iterator>

#include "core/base/sha256.h"
#include "server/config/server_config.h"
#include "server/front/blocked_words.h"
#include "server/front/job_events.h"
#include "server/front/request_judge.h"
#include "server/link/message.h"
#include "tests/http/cut_prompts.h"
#include "tests/http/fake_description.h"

namespace alice {
namespace {

/// A PNG of one grey pixel, whole and valid.
constexpr std::array<unsigned char, 67> kPicture = {
    0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A, 0x00, 0x00, 0x00, 0x0D, 0x49, 0x48, 0x44, 0x52, 0x00,
    0x00, 0x00, 0x01, 0x00, 0x00, 0x00, 0x01, 0x08, 0x00, 0x00, 0x00, 0x00, 0x3A, 0x7E, 0x9B, 0x55, 0x00,
    0x00, 0x00, 0x0A, 0x49, 0x44, 0x41, 0x54, 0x78, 0x9C, 0x63, 0x68, 0x00, 0x00, 0x00, 0x82, 0x00, 0x81,
    0x77, 0xCD, 0x72, 0xB6, 0x00, 0x00, 0x00, 0x00, 0x49, 0x45, 0x4E, 0x44, 0xAE, 0x42, 0x60, 0x82};

constexpr int64_t kSteps = 4;

constexpr int64_t kRemovedMs = 1'700'000'000'000;

std::string first_word(const std::string& prompt) { return prompt.substr(0, prompt.find(' ')); }

std::vector<PictureFile> make_pictures(const Job& job, const std::filesystem::path& folder) {
  std::vector<PictureFile> pictures;
  for (int64_t k = 0; k < job.request.generate.n; ++k) {
    const std::string bytes(kPicture.begin(), kPicture.end());
    PictureFile picture;
    picture.index = k;
    picture.file = job.id + "-" + std::to_string(k) +
                   extension_of(job.request.generate.output_format.value_or(PictureFormat::png));
    picture.sha256 = sha256_of(bytes);
    picture.bytes = static_cast<int64_t>(bytes.size());
    picture.width = picture.height = 1;
    picture.seed = job.request.generate.seed.value_or(7) + k;
    std::ofstream(folder / picture.file, std::ios::binary) << bytes;
    pictures.push_back(picture);
  }
  return pictures;
}

}  // namespace

FakeJobService::FakeJobService(FakeServiceOptions options) : options_(std::move(options)) {
  facts_.queue_size = options_.queue_size;
  facts_.retry_after_s = 3;
  if (options_.has_worker) {
    facts_.description = fake_description();
    facts_.workers = 1;
    GroupState usual, resting;
    usual.name = kDefaultGroup;
    usual.workers = usual.ready = 1;
    resting.name = "sandbox";
    resting.models = {"sd/broken"};
    resting.workers = 1;
    resting.queued = 2;
    resting.deaths = 5;
    resting.trouble = "the worker ended by SIGSEGV";
    resting.rests_until = std::chrono::steady_clock::now() + std::chrono::hours(1);
    facts_.groups = {usual, resting};
  } else {
    facts_.not_ready = {"no worker is ready"};
  }
  publish();
  thread_ = std::thread([this] { run(); });
}

FakeJobService::~FakeJobService() {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    stop_ = true;
  }
  work_came_.notify_one();
  thread_.join();
}

void FakeJobService::post(std::function<void()> work) {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    work_.push_back(std::move(work));
  }
  work_came_.notify_one();
}

void FakeJobService::run() {
  std::unique_lock<std::mutex> lock(mutex_);
  while (!stop_) {
    if (work_.empty()) {
      work_came_.wait_for(lock, options_.step_time, [this] { return stop_ || !work_.empty(); });
      if (!work_.empty() || stop_) continue;
      lock.unlock();
      step();
      lock.lock();
      continue;
    }
    const auto work = std::move(work_.front());
    work_.pop_front();
    lock.unlock();
    work();
    publish();
    lock.lock();
  }
}

/// What a worker would do in one step's time.
void FakeJobService::step() {
  if (!options_.has_worker) return;
  if (running_.empty()) {
    if (queue_.empty()) return;
    running_ = queue_.front();
    queue_.pop_front();
    done_ = 0;
    Job& job = jobs_.at(running_);
    job.status = JobStatus::running;
    job.attempts = 1;
    job.started_ms = now_ms();
    return publish();
  }
  Job& job = jobs_.at(running_);
  const std::string wish = first_word(job.request.generate.prompt);
  if (wish == "hold" || (wish == "work" && done_ > 0)) return;
  if (wish.rfind("fail:", 0) == 0) {
    job.error = JobError{error_code_from(wish.substr(5)), "/steps", "secret of /srv/models/x"};
    return finish(job, JobStatus::failed);
  }
  if (wish == "die") {
    job.error = JobError{ErrorCode::internal, kWorkerPlace, "the worker ended by SIGSEGV, in code of the plugin bad"};
    job.worker_deaths = 3;
    return finish(job, JobStatus::failed);
  }
  JobEvent event;
  if (wish == "hand-back") {
    event.kind = JobEvent::Kind::handed_back;
    event.job = job;
    return watchers_.tell(job, event);
  }
  if (wish == "disk-full") {
    event.kind = JobEvent::Kind::held;
    event.trouble = ErrorCode::storage_full;
    return watchers_.tell(job, event);
  }
  if (wish.rfind("stream:", 0) == 0) {
    const int64_t count = std::stoll(wish.substr(7));
    for (int64_t k = 1; k <= count; ++k) {
      event.kind = JobEvent::Kind::preview;
      event.step = k;
      event.png = std::string(100'000, 'p');
      watchers_.tell(job, event);
    }
    return finish(job, JobStatus::succeeded);
  }
  ++done_;
  event = step_of(job);
  watchers_.tell(job, event);
  if (job.request.preview_every > 0 && done_ % job.request.preview_every == 0) {
    event.kind = JobEvent::Kind::preview;
    event.step = done_;
    event.png = std::string(kPicture.begin(), kPicture.end());
    watchers_.tell(job, event);
  }
  if (done_ == kSteps) finish(job, JobStatus::succeeded);
}

void FakeJobService::finish(Job& job, JobStatus status) {
  if (running_ == job.id) running_.clear();
  queue_.erase(std::remove(queue_.begin(), queue_.end(), job.id), queue_.end());
  job.status = status;
  job.finished_ms = now_ms();
  if (status == JobStatus::succeeded) {
    job.pictures = make_pictures(job, options_.pictures_folder);
    if (first_word(job.request.generate.prompt) == "expired")
      for (PictureFile& picture : job.pictures) picture.removed_ms = kRemovedMs;
    GenerateRequest used = job.request.generate;
    if (used.model.empty()) used.model = "sd/emoji";
    used.seed = used.seed.value_or(7);
    used.steps = used.steps.value_or(kSteps);
    job.settings = write_generate_request(used);
    if (!used.negative_prompt.value_or("").empty())
      job.warnings.push_back("/negative_prompt: has no effect without guidance");
    facts_.pictures += used.n;
  }
  (status == JobStatus::succeeded ? facts_.succeeded
   : status == JobStatus::failed  ? facts_.failed
                                  : facts_.cancelled)++;
  publish();
  JobEvent event;
  event.kind = JobEvent::Kind::ended;
  event.job = job;
  watchers_.tell(job, event);
}

JobEvent FakeJobService::step_of(const Job& job) const {
  JobEvent event;
  event.id = job.id;
  event.kind = JobEvent::Kind::step;
  event.stage = "denoise";
  event.images = event.all_images = job.request.generate.n;
  event.done = done_;
  event.total = kSteps;
  event.eta_seconds = 0.5;
  return event;
}

JobEvent FakeJobService::present(const Job& job) const {
  if (running_ == job.id && done_ > 0) return step_of(job);
  JobEvent event;
  event.id = job.id;
  if (has_ended(job.status)) {
    event.kind = JobEvent::Kind::ended;
    event.job = job;
  } else {
    event.kind = JobEvent::Kind::position;
    event.position = 1;
  }
  return event;
}

Job* FakeJobService::job_of(const std::string& id) {
  const auto found = jobs_.find(id);
  return found == jobs_.end() ? nullptr : &found->second;
}

void FakeJobService::publish() {
  facts_.queued = static_cast<int64_t>(queue_.size());
  facts_.running = running_.empty() ? 0 : 1;
  const std::lock_guard<std::mutex> lock(mutex_);
  state_ = std::make_shared<const ServerState>(facts_);
}

std::shared_ptr<const ServerState> FakeJobService::state() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return state_;
}

namespace {
Error no_job(const std::string& id) { return {ErrorCode::not_found, "", "there is no job " + id}; }
}  // namespace

void FakeJobService::submit(JobRequest request, Then<Job> then) {
  post([this, request = std::move(request), then] {
    const std::string& model = request.generate.model;
    if (static_cast<int64_t>(queue_.size()) >= options_.queue_size)
      return then(Error(ErrorCode::busy, "", "the queue is full"));
    if (model == "sd/full") return then(Error(ErrorCode::storage_full, "/srv/secret", "no space left on device"));
    if (model == "sd/resting") return then(Error(ErrorCode::busy, "/model", "the workers of this model rest"));
    if (!model.empty() && model != "sd/emoji" && model != "tiny")
      return then(Error(ErrorCode::not_found, "/model", "there is no model " + model));
    try {
      GenerateRequest asked = request.generate;
      if (asked.model.empty()) asked.model = "sd/emoji";
      BlockedWords(options_.blocked_words).check(asked);
      judge_request(asked, facts_.description);
    } catch (const Error& error) {
      return then(error);
    }
    for (const auto& [id, known] : jobs_)
      if (!request.key.empty() && known.request.key == request.key && known.request.owner == request.owner) {
        if (known.fingerprint == fingerprint_of(request)) return then(known);
        return then(Error(ErrorCode::bad_request, kRequestKeyPlace, "was another request's"));
      }
    Job job;
    job.id = new_job_id();
    job.fingerprint = fingerprint_of(request);
    job.request = request;
    job.created_ms = now_ms();
    queue_.push_back(job.id);
    jobs_[job.id] = job;
    publish();
    then(job);
    watchers_.tell(job, queued_event(job));
  });
}

void FakeJobService::cancel(const std::string& id, const Viewer& viewer, Then<Job> then) {
  post([this, id, viewer, then] {
    Job* job = job_of(id);
    if (job == nullptr || !viewer.sees(job->request.owner)) return then(no_job(id));
    if (!has_ended(job->status)) finish(*job, JobStatus::cancelled);
    then(*job);
  });
}

void FakeJobService::find(const std::string& id, const Viewer& viewer, Then<Job> then) {
  post([this, id, viewer, then] {
    const Job* job = job_of(id);
    job == nullptr || !viewer.sees(job->request.owner) ? then(no_job(id)) : then(*job);
  });
}

void FakeJobService::list(const JobQuery& query, Then<std::vector<Job>> then) {
  post([this, query, then] {
    const auto fits = [&](const Job& job) {
      return (query.before.empty() || job.id < query.before) && (!query.status || job.status == *query.status) &&
             (!query.owner || job.request.owner == *query.owner) &&
             (query.label.empty() || job.request.terms.label == query.label);
    };
    std::vector<Job> found;
    for (auto job = jobs_.rbegin(); job != jobs_.rend() && static_cast<int64_t>(found.size()) < query.limit; ++job)
      if (fits(job->second))
        found.push_back(job->second), cut_prompts(found.back());
    then(found);
  });
}

void FakeJobService::find_picture(const std::string& file, const Viewer& viewer, Then<PictureFile> then) {
  post([this, file, viewer, then] {
    for (const auto& [id, job] : jobs_)
      if (viewer.sees(job.request.owner))
        for (const PictureFile& picture : job.pictures)
          if (picture.file == file) return then(picture);
    then(Error(ErrorCode::not_found, "", "there is no such picture"));
  });
}

void FakeJobService::watch(const std::string& id, const Viewer& viewer, OnJobEvent on_event,
                           Then<std::shared_ptr<JobWatch>> then) {
  post([this, id, viewer, on_event, then] {
    const Job* job = job_of(id);
    if (job == nullptr || !viewer.sees(job->request.owner)) return then(no_job(id));
    const JobWatchers::Added added = watchers_.add(id, on_event);
    then(added.watch);
    JobWatchers::tell(added.line, present(*job));
  });
}

void FakeJobService::watch_all(const Viewer& viewer, const std::string& after, OnJobEvent on_event,
                               Then<std::shared_ptr<JobWatch>> then) {
  post([this, viewer, after, on_event, then] {
    const JobWatchers::Added added = watchers_.add_to_all(viewer, on_event);
    then(added.watch);
    const auto tell = [&](JobEvent event, const std::string& mark) {
      event.mark = mark;
      JobWatchers::tell(added.line, event);
    };
    using Ends = std::vector<JobWatchers::EndOf>;
    const std::optional<Ends> ends = after.empty() ? Ends() : watchers_.ended_behind(after, viewer);
    if (!ends) tell(missed_event(), watchers_.mark());
    for (const auto& end : ends.value_or(Ends())) tell(present(jobs_.at(end.job)), end.mark);
    for (const auto& [id, job] : jobs_)
      if (!has_ended(job.status) && viewer.sees(job.request.owner)) tell(present(job), watchers_.mark());
  });
}

void FakeJobService::cancel_labelled(const std::string& label, const Viewer& viewer, Then<int64_t> then) {
  post([this, label, viewer, then] {
    int64_t count = 0;
    for (auto& [id, job] : jobs_) {
      const JobRequest& request = job.request;
      if (has_ended(job.status) || request.terms.label != label || !viewer.sees(request.owner)) continue;
      finish(job, JobStatus::cancelled);
      ++count;
    }
    then(count);
  });
}

void FakeJobService::keep(const std::string& id, const Viewer& viewer, bool is_kept, Then<Job> then) {
  post([this, id, viewer, is_kept, then] {
    Job* job = job_of(id);
    if (job == nullptr || !viewer.sees(job->request.owner)) return then(no_job(id));
    job->is_kept = is_kept;
    then(*job);
  });
}

void FakeJobService::refresh(Then<Json> then) {
  post([this, then] {
    if (!options_.has_worker) return then(Error(ErrorCode::busy, "", "no worker is ready"));
    then(facts_.description);
  });
}

void FakeJobService::reload_plugins(Then<std::vector<GroupReload>> then) {
  post([this, then] {
    const Json libraries = Json::array({{{"file", "/p/a.so"}, {"id", "a"}, {"version", "1"}, {"loaded", true}}});
    GroupReload sandbox = {"sandbox", GroupReload::Outcome::loaded, "", libraries};
    if (!options_.reload_refused.empty())
      sandbox = {"sandbox", GroupReload::Outcome::refused, options_.reload_refused, libraries};
    then(std::vector<GroupReload>{{kDefaultGroup, GroupReload::Outcome::unchanged, "", libraries}, sandbox});
  });
}

}  // namespace alice
