#pragma once
// From a graph to a job, by following links from what wants the picture: the graphs that make pictures from a prompt,
// and from a picture and a prompt. What is linked in another way is refused with the node where it differs.

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "server/front/http/doors/comfy/graph.h"
#include "server/front/job_service.h"

namespace alice::comfy {

/// Where a field of GenerateRequest comes from.
struct Origin {
  std::string node, input;
};

struct GraphJob {
  JobRequest job;
  std::map<std::string, Origin> origins;  ///< by the field: "steps"
  std::vector<std::string> warnings;
};

/// A picture that was uploaded under that name; no bytes when there is none.
using FindUpload = std::function<SentPicture(const std::string& name)>;

/// Throws PromptRefusal. `state` must describe a worker. The size is as asked. Of a sampler that does
/// fewer steps than it has noise levels (denoise), strength and steps are such that as many are done as ComfyUI does:
/// its `steps` count what is done.
GraphJob job_of(const Graph& graph, const ServerState& state, const FindUpload& find_upload);

/// Whether there is such a checkpoint, sampler, ... or one that is called so too.
bool is_known_word(Words words, const std::string& value, const ServerState& state, const FindUpload& find_upload);

/// Those that there are now; `uploads` are the caller's.
WordLists word_lists(const ServerState& state, const std::vector<std::string>& uploads);

}  // namespace alice::comfy
