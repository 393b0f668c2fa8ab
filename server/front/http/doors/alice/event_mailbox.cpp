#include "server/front/http/doors/alice/event_mailbox.h"

#include <algorithm>
#include <utility>

namespace alice {
namespace {

/// Each may have a picture's preview.
constexpr size_t kMostJobs = 256;

JobEvent missed_behind(const JobEvent& event) {
  JobEvent missed;
  missed.kind = JobEvent::Kind::missed;
  missed.mark = event.mark;
  return missed;
}

}  // namespace

bool EventMailbox::put(const JobEvent& event) {
  const std::lock_guard<std::mutex> lock(mutex_);
  const bool overflows = order_.size() >= kMostJobs && slots_.count(event.id) == 0;
  if (overflows) slots_.clear(), order_.clear();
  const JobEvent& news = overflows ? missed_behind(event) : event;
  auto [found, is_new] = slots_.try_emplace(news.id);
  if (is_new) order_.push_back(news.id);
  found->second[static_cast<size_t>(news.kind)] = news;
  newest_mark_ = event.mark;
  return !std::exchange(is_told_, true);
}

std::optional<JobEvent> EventMailbox::take() {
  const std::lock_guard<std::mutex> lock(mutex_);
  auto event = next();
  if (!event.has_value()) is_told_ = false;
  if (event.has_value()) event->mark = order_.empty() ? newest_mark_ : "";
  return event;
}

std::optional<JobEvent> EventMailbox::next() {
  if (order_.empty()) return std::nullopt;
  Slots& slots = slots_.at(order_.front());
  const auto is_there = [](const auto& slot) { return slot.has_value(); };
  const auto first = std::find_if(slots.begin(), slots.end(), is_there);  // a job in the order has news
  auto event = std::exchange(*first, std::nullopt);
  if (std::none_of(slots.begin(), slots.end(), is_there)) slots_.erase(order_.front()), order_.pop_front();
  return event;
}

}  // namespace alice
