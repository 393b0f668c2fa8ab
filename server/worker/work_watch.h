#pragma once
// Where the making of a request's pictures is, and whose code runs: for whoever must say what went wrong.

#include <functional>
#include <string>
#include <vector>

#include "core/host/make/generate.h"
#include "server/link/whereabouts.h"
#include "server/worker/session/job_plugins.h"

namespace alice {

/// Belongs to the thread that computes.
class WorkWatch {
 public:
  /// `on_change`: called when where() is another, or plugins() are others.
  WorkWatch(const GenerateRequest& request, std::function<void()> on_change);

  /// The request is about to be prepared. Throws as plugins_of().
  void begin_load(const Composer& composer, bool paths_allowed);
  /// Of GenerateHooks::on_progress.
  void note(const Progress& progress);
  /// Of GenerateHooks::wrap_denoise: the sampler's code runs, but for its calls of `network`.
  Denoise wrap(Denoise network);

  const std::vector<std::string>& plugins() const { return where_.plugins; }
  /// in_words(Whereabouts).
  std::string where() const { return in_words(where_); }

 private:
  void at_work(std::vector<std::string> plugins);

  const GenerateRequest& request_;
  const std::function<void()> on_change_;
  JobPlugins plugins_;
  Whereabouts where_;
};

}  // namespace alice
