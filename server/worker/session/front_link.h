#pragma once
// The worker's end of the socket to the front.

#include <mutex>
#include <optional>

#include "server/link/frame.h"
#include "server/link/message.h"

namespace alice {

class FrontLink {
 public:
  /// `descriptor`: a connected stream socket, inherited; programs that this process starts do not get it. Throws
  /// Error(bad_request) when it is none: somebody typed a command that only the server gives.
  explicit FrontLink(int descriptor);
  FrontLink(const FrontLink&) = delete;
  FrontLink& operator=(const FrontLink&) = delete;

  /// Any thread; messages never interleave. Waits while the front is slow to read. False when the front is gone (hear()
  /// then ends, too). Throws Error(internal) for a message that no frame can hold.
  bool say(const ToFront& message);

  /// One thread at a time. Waits for the next message; nothing when the front has closed its end. Throws
  /// Error(internal) for what is no message: the stream cannot be followed from there.
  std::optional<ToWorker> hear();

 private:
  const int descriptor_;
  std::mutex writing_;
  FrameReader reader_;
};

}  // namespace alice
