#pragma once
// Whether what the server writes arrives on its disks, and what is done when it does not.

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <functional>
#include <optional>

#include "core/base/error.h"
#include "server/front/folder_lock.h"
#include "server/front/job_files.h"
#include "server/jobs/job_store.h"

namespace alice {

/// Looks after the job store, the folders of pictures and records, and the lock. While one of them is in trouble no job
/// is taken and none begun; everything is tried again each second until all of it works. A failure that comes back as
/// soon as all seems well (a picture that is larger than the room) is tried again after longer and longer pauses.
/// All of it belongs to the thread that runs the io_context.
class StorageWatch {
 public:
  /// What must outlive it.
  struct Parts {
    JobStore& store;
    const JobFiles& files;
    FolderLock& lock;
  };
  struct Callbacks {
    std::function<void()> changed;      ///< there is trouble, or none any more
    std::function<void()> lasts;        ///< the trouble has lasted so long that those who wait should know
    std::function<void()> works_again;  ///< what failed may be done again
  };

  StorageWatch(boost::asio::io_context& io, Parts parts, Callbacks callbacks);

  /// Tries everything, now and each minute.
  void start();
  /// For the moment before something is promised. Throws Error(storage_full) or Error(storage_failed) when what is
  /// written now might not be kept, and could not be mended at once.
  void check();
  /// The same as a yes or no.
  bool works();
  /// Something could not be written. What can be mended at once (a file that was deleted) is, and is no trouble, unless
  /// it fails again before a job was written. The first failure of a row is logged.
  void failed(const Error& error);
  /// A job's pictures and its end are written: a failure after this is a new one.
  void job_was_written() { pause_ = kFirstPause; }

  /// Why it does not work, lately; nothing when it does.
  const std::optional<Error>& trouble() const { return trouble_; }
  /// Has Callbacks::lasts been called for the trouble of now?
  bool lasts() const { return told_; }
  /// Tries nothing any more.
  void stop() { is_stopped_ = true, timer_.cancel(); }

 private:
  using Clock = std::chrono::steady_clock;
  static constexpr std::chrono::seconds kFirstPause{1};

  void look() const;
  void mend();
  bool mends_at_once(const Error& error);
  void begin_trouble(const Error& error);
  void wait();
  void tick();

  boost::asio::io_context& io_;
  const Parts parts_;
  const Callbacks callbacks_;
  boost::asio::steady_timer timer_;
  std::optional<Error> trouble_;
  std::chrono::seconds pause_ = kFirstPause;  // between the next failure and the try that follows it
  Clock::time_point began_, next_try_;
  bool told_ = false;
  bool is_stopped_ = false;  // a timer that has run out calls, although it was cancelled
};

}  // namespace alice
