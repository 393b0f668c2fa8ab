#pragma once
// How the commands of `alice` speak to the server of a data folder: by a socket in it, which its owner and root alone
// can call. A question is a line of JSON, and so is its answer.

#include <filesystem>
#include <functional>
#include <thread>

#include "core/base/json.h"

namespace alice {

/// Its name in the data folder.
inline constexpr const char* kControlSocket = "control";
/// Bytes of a question or an answer.
inline constexpr size_t kLongestControlLine = 4u << 20;

class ControlServer {
 public:
  /// Makes <folder>/control, with a thread that answers one client after another, each within seconds. `answer` is
  /// called on that thread; what it throws becomes {"error": ...} (control_client.h). One that an earlier process left
  /// is replaced: the caller holds the folder's lock. Throws storage_error().
  ControlServer(const std::filesystem::path& folder, std::function<Json(const Json& question)> answer);
  /// Waits for the answer that is under way, and takes the socket away.
  ~ControlServer();
  ControlServer(const ControlServer&) = delete;
  ControlServer& operator=(const ControlServer&) = delete;

 private:
  void run();
  void serve(int client) const;

  const std::function<Json(const Json&)> answer_;
  int folder_ = -1, listener_ = -1, stop_ = -1;
  std::thread thread_;
};

}  // namespace alice
