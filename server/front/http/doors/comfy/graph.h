#pragma once
// A prompt of ComfyUI: nodes by their ids, each with inputs that are values or links to other nodes' outputs.

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "core/base/json.h"
#include "server/front/http/doors/comfy/node_classes.h"
#include "server/front/http/doors/comfy/node_errors.h"

namespace alice::comfy {

struct Link {
  std::string node;
  size_t slot = 0;
};

struct Node {
  std::string id;
  const NodeClass* type = nullptr;
  std::map<std::string, Link> links;
  std::map<std::string, Json> values;  ///< of the input's kind
};

struct Graph {
  std::map<std::string, Node> nodes;  ///< those that an output wants, and the outputs
  std::vector<std::string> outputs;   ///< ids of the nodes that want pictures
  std::vector<std::string> warnings;  ///< of inputs that its nodes do not have

  const Node& at(const std::string& id) const { return nodes.at(id); }
  /// The node that an input of `node` is linked to.
  const Node& behind(const Node& node, const std::string& input) const;
};

inline constexpr size_t kMostNodes = 1000;

/// Whether `value` is one of `words`, or is understood as one.
using IsWord = std::function<bool(Words words, const std::string& value)>;

/// Reads what stands in "prompt". As ComfyUI does, it looks at the classes of all nodes, at the inputs of those that an
/// output wants, and takes numbers that are written as texts. Throws PromptRefusal with every fault. The links of what
/// it gives lead to nodes of the right types, and never in a circle.
Graph read_graph(const Json& prompt, const IsWord& is_word);

}  // namespace alice::comfy
