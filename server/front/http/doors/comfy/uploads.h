#pragma once
// Pictures that POST /upload/image brought, by the names that prompts say. In memory, as they wait for a prompt for a
// short while alone; the jobs that use them keep them on the disk.

#include <cstddef>
#include <deque>
#include <string>
#include <vector>

#include "server/jobs/job.h"

namespace alice::comfy {

/// The loop's thread only.
class Uploads {
 public:
  static constexpr size_t kMostOfCaller = 64, kMost = 256;   ///< pictures
  static constexpr size_t kMostBytesOfCaller = 64u << 20, kMostBytes = 256u << 20;

  /// Keeps `picture`, and lets go of the oldest ones beyond the limits. The name that it has now: another one where a
  /// picture of that name is there, unless it is the same or `overwrite`.
  std::string keep(const std::string& caller, const std::string& name, SentPicture picture, bool overwrite);
  /// Without bytes when there is none.
  SentPicture find(const std::string& caller, const std::string& name) const;
  /// The newest first.
  std::vector<std::string> names(const std::string& caller) const;

 private:
  struct Kept {
    std::string caller, name;
    SentPicture picture;
  };
  void drop_oldest(const std::string& of_caller, size_t most, size_t most_bytes);

  std::deque<Kept> kept_;  // oldest first
};

}  // namespace alice::comfy
