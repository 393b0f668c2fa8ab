#include "server/front/breaker.h"

namespace alice {

Breaker::State Breaker::state(Time now) const {
  if (is_closed_) return State::closed;
  return now < rests_until_ ? State::resting : State::on_trial;
}

void Breaker::note_death(Time now) {
  if (!is_closed_) return open(now);
  while (!deaths_.empty() && now - deaths_.front() > settings_.window) deaths_.pop_front();
  deaths_.push_back(now);
  if (settings_.deaths > 0 && static_cast<int64_t>(deaths_.size()) >= settings_.deaths) open(now);
}

void Breaker::note_life(Time now) {
  if (state(now) == State::on_trial) close();
}

void Breaker::close() {
  is_closed_ = true;
  deaths_.clear();
}

void Breaker::open(Time now) {
  is_closed_ = false;
  deaths_.clear();
  rests_until_ = now + settings_.pause;
}

}  // namespace alice
