#include "server/front/storage_watch.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <boost/asio/post.hpp>
#include <utility>

namespace alice {
namespace {

constexpr std::chrono::seconds kTick{1}, kLongestPause{60}, kLookPeriod{60};
/// Of somebody who waits for a job.
constexpr std::chrono::seconds kPatience{3};

}  // namespace

StorageWatch::StorageWatch(boost::asio::io_context& io, Parts parts, Callbacks callbacks)
    : io_(io), parts_(parts), callbacks_(std::move(callbacks)), timer_(io) {}

void StorageWatch::start() {
  try {
    mend();
  } catch (const Error& e) {
    begin_trouble(e);
  }
  wait();
}

/// Cheap: asks the file systems, and writes nothing.
void StorageWatch::look() const {
  parts_.lock.check();
  parts_.files.check();
  parts_.store.check();
}

/// Makes again what is gone, and writes something everywhere.
void StorageWatch::mend() {
  parts_.files.restore();
  parts_.lock.restore();
  parts_.store.recover();
  parts_.files.try_writing();
  look();
}

void StorageWatch::check() {
  if (trouble_.has_value()) throw Error(*trouble_);
  try {
    look();
  } catch (const Error& e) {
    spdlog::warn("{}: it is mended if possible", e.what());
    try {
      mend();
    } catch (const Error& lasting) {
      begin_trouble(lasting);
      throw;
    }
  }
}

bool StorageWatch::works() {
  try {
    check();
    return true;
  } catch (const Error&) {
    return false;
  }
}

void StorageWatch::failed(const Error& error) {
  if (trouble_.has_value() || !mends_at_once(error)) begin_trouble(error);
}

bool StorageWatch::mends_at_once(const Error& error) {
  if (pause_ != kFirstPause) return false;
  try {
    mend();
  } catch (const Error&) {
    return false;
  }
  pause_ *= 2;
  spdlog::warn("{}: mended at once", error.what());
  boost::asio::post(io_, [this] {
    if (!is_stopped_) callbacks_.works_again();
  });
  return true;
}

void StorageWatch::begin_trouble(const Error& error) {
  const bool is_new = !trouble_.has_value();
  trouble_ = error;
  if (!is_new) return;
  spdlog::error("{}: no job is taken or begun until this is over; what was accepted is kept", error.what());
  began_ = Clock::now();
  next_try_ = began_ + pause_;
  pause_ = std::min(pause_ * 2, kLongestPause);
  told_ = false;
  wait();
  callbacks_.changed();
}

void StorageWatch::wait() {
  timer_.expires_after(trouble_.has_value() ? kTick : kLookPeriod);
  timer_.async_wait([this](const boost::system::error_code& fault) {
    if (!fault && !is_stopped_) tick();
  });
}

void StorageWatch::tick() {
  const Clock::time_point now = Clock::now();
  if (trouble_.has_value() && now - began_ >= kPatience && !std::exchange(told_, true)) callbacks_.lasts();
  const bool was_in_trouble = trouble_.has_value();
  if (!was_in_trouble || now >= next_try_) {
    try {
      mend();
      trouble_.reset();
    } catch (const Error& e) {
      begin_trouble(e);
    }
  }
  wait();
  if (!was_in_trouble || trouble_.has_value()) return;
  spdlog::warn("storage works again after {} s",
               std::chrono::duration_cast<std::chrono::seconds>(now - began_).count());
  told_ = false;
  callbacks_.changed();
  callbacks_.works_again();
}

}  // namespace alice
