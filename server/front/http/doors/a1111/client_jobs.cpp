#include "server/front/http/doors/a1111/client_jobs.h"

#include <algorithm>

namespace alice::a1111 {

void ClientJobs::Followed::note(const JobEvent& event) {
  const std::lock_guard<std::mutex> lock(mutex);
  switch (event.kind) {
    case JobEvent::Kind::position: view.position = event.position; break;
    case JobEvent::Kind::step: view.step = event; break;
    case JobEvent::Kind::preview: view.preview = event.png, view.preview_step = event.step; break;
    default: break;
  }
}

void ClientJobs::follow(const std::string& client, const Viewer& viewer, const std::string& job) {
  const auto followed = std::make_shared<Followed>(job);
  clients_[client].push_back(followed);
  const auto drop_it = [self = weak_from_this(), client, job] {
    if (const auto alive = self.lock()) alive->drop(client, job);
  };
  const auto on_event = [followed = std::weak_ptr<Followed>(followed), loop = context_.loop,
                         drop_it](const JobEvent& event) {
    const bool is_last = event.kind == JobEvent::Kind::ended || event.kind == JobEvent::Kind::handed_back;
    if (is_last) return loop->post(drop_it);
    if (const auto alive = followed.lock()) alive->note(event);
  };
  const auto then = [followed = std::weak_ptr<Followed>(followed),
                     drop_it](const Outcome<std::shared_ptr<JobWatch>>& outcome) {
    const auto* watch = std::get_if<std::shared_ptr<JobWatch>>(&outcome);
    if (watch == nullptr) return drop_it();
    if (const auto alive = followed.lock()) alive->watch = *watch;
  };
  context_.jobs.watch(job, viewer, on_event, on_loop<std::shared_ptr<JobWatch>>(context_, then));
}

std::optional<JobView> ClientJobs::current(const std::string& client) const {
  const auto found = clients_.find(client);
  if (found == clients_.end()) return std::nullopt;
  std::optional<JobView> next;
  for (const auto& followed : found->second) {
    const std::lock_guard<std::mutex> lock(followed->mutex);
    if (followed->view.step.has_value()) return followed->view;
    if (!next) next = followed->view;
  }
  return next;
}

void ClientJobs::drop(const std::string& client, const std::string& job) {
  const auto found = clients_.find(client);
  if (found == clients_.end()) return;
  auto& jobs = found->second;
  jobs.erase(std::remove_if(jobs.begin(), jobs.end(), [&](const auto& one) { return one->view.id == job; }),
             jobs.end());
  if (jobs.empty()) clients_.erase(found);
}

}  // namespace alice::a1111
