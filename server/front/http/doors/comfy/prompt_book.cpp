#include "server/front/http/doors/comfy/prompt_book.h"

#include <algorithm>
#include <atomic>
#include <cctype>

#include "server/front/http/client_text.h"

namespace alice::comfy {

struct PromptBook::Followed {
  std::shared_ptr<Prompt> prompt;
  std::atomic<bool> has_begun{false};  // events come on the service's thread, many of them
  std::shared_ptr<JobWatch> watch;
};

std::string uuid_of(const std::string& job_id) {
  std::string text = job_id;
  for (const size_t at : {8, 13, 18, 23})
    if (text.size() > at) text.insert(at, 1, '-');
  return text;
}

bool is_uuid(const std::string& text) {
  constexpr size_t kLength = 36;
  if (text.size() != kLength) return false;
  for (size_t i = 0; i < kLength; ++i) {
    const bool is_dash = i == 8 || i == 13 || i == 18 || i == 23;
    if (is_dash ? text[i] != '-' : std::isxdigit(static_cast<unsigned char>(text[i])) == 0) return false;
  }
  return true;
}

void PromptBook::add(const std::string& caller, const Viewer& viewer, Prompt prompt) {
  const auto followed = std::make_shared<Followed>();
  const std::string job = prompt.job;
  followed->prompt = std::make_shared<Prompt>(std::move(prompt));
  Callers& of_caller = callers_[caller];
  of_caller.prompts.push_back(followed);
  of_caller.used = numbers_;
  make_room(caller);
  const auto on_event = [self = weak_from_this(), weak = std::weak_ptr<Followed>(followed), loop = context_.loop,
                         caller](const JobEvent& event) {
    const auto alive = weak.lock();
    if (!alive) return;
    if (event.kind == JobEvent::Kind::step && !alive->has_begun.exchange(true))
      loop->post([self, weak] {
        const auto book = self.lock();
        const auto one = weak.lock();
        if (book && one) book->begun(one);
      });
    if (event.kind == JobEvent::Kind::ended)
      loop->post([self, weak, caller, job = event.job] {
        const auto book = self.lock();
        const auto one = weak.lock();
        if (book && one) book->ended(caller, one, job);
      });
  };
  const auto then = [weak = std::weak_ptr<Followed>(followed)](const Outcome<std::shared_ptr<JobWatch>>& outcome) {
    const auto alive = weak.lock();
    const auto* watch = std::get_if<std::shared_ptr<JobWatch>>(&outcome);
    if (alive && watch != nullptr && alive->prompt->state != Prompt::State::ended) alive->watch = *watch;
  };
  context_.jobs.watch(job, viewer, on_event, on_loop<std::shared_ptr<JobWatch>>(context_, then));
}

void PromptBook::begun(const std::shared_ptr<Followed>& followed) {
  if (followed->prompt->state != Prompt::State::queued) return;
  followed->prompt->state = Prompt::State::running;
  followed->prompt->started_ms = now_ms();
}

void PromptBook::ended(const std::string& caller, const std::shared_ptr<Followed>& followed, const Job& job) {
  Prompt& prompt = *followed->prompt;
  prompt.state = Prompt::State::ended;
  prompt.status = job.status;
  prompt.started_ms = job.started_ms.value_or(job.created_ms);
  prompt.finished_ms = job.finished_ms.value_or(prompt.started_ms);
  prompt.warnings.insert(prompt.warnings.end(), job.warnings.begin(), job.warnings.end());
  for (const PictureFile& picture : job.pictures) prompt.files.push_back(picture.file);
  if (job.error) {
    const auto no_field = [](const std::string&) { return std::string(); };
    prompt.failure_code = job.error->code;
    prompt.failure = without_folders(
        to_api_error(job.error->code, job.error->place, job.error->sentence, no_field).message, context_.facts.folders);
  }
  followed->watch.reset();
  make_room(caller);
}

std::vector<std::shared_ptr<const Prompt>> PromptBook::of(const std::string& caller) const {
  std::vector<std::shared_ptr<const Prompt>> list;
  const auto found = callers_.find(caller);
  if (found == callers_.end()) return list;
  for (const auto& followed : found->second.prompts) list.push_back(followed->prompt);
  return list;
}

std::shared_ptr<const Prompt> PromptBook::find(const std::string& caller, const std::string& id) const {
  for (auto& prompt : of(caller))
    if (prompt->id == id) return prompt;
  return nullptr;
}

void PromptBook::forget(const std::string& caller, const std::string& id) {
  const auto found = callers_.find(caller);
  if (found == callers_.end()) return;
  auto& prompts = found->second.prompts;
  prompts.erase(std::remove_if(prompts.begin(), prompts.end(),
                               [&](const auto& one) {
                                 return one->prompt->state == Prompt::State::ended &&
                                        (id.empty() || one->prompt->id == id);
                               }),
                prompts.end());
  if (prompts.empty()) callers_.erase(found);
}

/// What has not ended stays: the service bounds how many these are.
void PromptBook::make_room(const std::string& caller) {
  const auto is_over = [](const auto& one) { return one->prompt->state == Prompt::State::ended; };
  auto& prompts = callers_[caller].prompts;
  if (static_cast<size_t>(std::count_if(prompts.begin(), prompts.end(), is_over)) > kKeptPrompts)
    prompts.erase(std::find_if(prompts.begin(), prompts.end(), is_over));
  if (callers_.size() <= kMostCallers) return;
  auto longest_away = callers_.end();
  for (auto one = callers_.begin(); one != callers_.end(); ++one) {
    const auto& theirs = one->second.prompts;
    const bool may_go = one->first != caller && std::all_of(theirs.begin(), theirs.end(), is_over);
    if (may_go && (longest_away == callers_.end() || one->second.used < longest_away->second.used)) longest_away = one;
  }
  if (longest_away != callers_.end()) callers_.erase(longest_away);
}

}  // namespace alice::comfy
