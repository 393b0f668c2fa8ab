#pragma once
// The prompts that each caller has brought by this door: what /history, /queue and /interrupt know. In memory alone, as
// ComfyUI has it: after a restart it is empty, while the jobs and their pictures are there still.

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "server/front/http/front_context.h"

namespace alice::comfy {

inline constexpr size_t kKeptPrompts = 200;      ///< of a caller that have ended; older ones are forgotten
inline constexpr size_t kListedPrompts = 16;     ///< the newest ones, in a history that says no max_items
inline constexpr size_t kLongestGraph = 64u << 10;  ///< bytes of JSON; of a longer one "{}" is told
inline constexpr size_t kMostCallers = 200;      ///< with prompts that have ended; who was away longest is forgotten

struct Prompt {
  enum class State { queued, running, ended };
  struct Output {
    std::string node, node_class;
  };

  std::string id;   ///< a UUID
  std::string job;  ///< the job's id
  int64_t number = 0;
  std::string graph;  ///< JSON, or "{}"
  Json extra_data = Json::object();
  std::vector<Output> outputs;
  std::vector<std::string> warnings;  ///< those of the job too, once it has ended
  std::string last_node, last_class;  ///< the sampler: what a failure is told of
  State state = State::queued;
  JobStatus status = JobStatus::queued;  ///< once it has ended
  int64_t started_ms = 0, finished_ms = 0;
  std::vector<std::string> files;  ///< of its pictures
  ErrorCode failure_code{};  ///< of one that failed, and why
  std::string failure;
};

/// "0192f0c2a6b3..." of 32 digits -> "0192f0c2-a6b3-....".
std::string uuid_of(const std::string& job_id);
/// 8-4-4-4-12 hex digits.
bool is_uuid(const std::string& text);

/// The loop's thread only.
class PromptBook : public std::enable_shared_from_this<PromptBook> {
 public:
  explicit PromptBook(FrontContext& context) : context_(context) {}

  int64_t next_number() { return numbers_++; }
  /// Follows its job to its end. `viewer` must see the job.
  void add(const std::string& caller, const Viewer& viewer, Prompt prompt);
  /// Oldest first; none for a caller that has none.
  std::vector<std::shared_ptr<const Prompt>> of(const std::string& caller) const;
  /// nullptr when that caller has none of that id.
  std::shared_ptr<const Prompt> find(const std::string& caller, const std::string& id) const;
  /// Of those that have ended: that one, or with "" all of them.
  void forget(const std::string& caller, const std::string& id);

 private:
  struct Followed;
  struct Callers {
    std::deque<std::shared_ptr<Followed>> prompts;
    int64_t used = 0;  // when it came last, by numbers_
  };

  void begun(const std::shared_ptr<Followed>& followed);
  void ended(const std::string& caller, const std::shared_ptr<Followed>& followed, const Job& job);
  void make_room(const std::string& caller);

  FrontContext& context_;
  std::map<std::string, Callers> callers_;
  int64_t numbers_ = 0;
};

}  // namespace alice::comfy
