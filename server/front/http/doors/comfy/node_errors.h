#pragma once
// What is wrong with a prompt, in ComfyUI's shape (execution.py, validate_prompt): {"error": {"type", "message",
// "details", "extra_info"}, "node_errors": {id: {"errors": [...], "dependent_outputs", "class_type"}}}. "error" bears
// the members of this server's other errors too.

#include <exception>
#include <map>
#include <string>
#include <vector>

#include "core/base/json.h"

namespace alice {
class Exchange;
}

namespace alice::comfy {

/// One thing that is wrong with a node.
struct NodeFault {
  std::string node;              ///< its id
  std::string input;             ///< "" where it is about the node itself
  std::string type;              ///< a word of ComfyUI's: "value_not_in_list"
  std::string message, details;  ///< as ComfyUI has them: what it is, and where and what of it
};

/// The prompt is refused: 400, or 404 where a model, a LoRA or a picture is not there.
struct PromptRefusal : std::exception {
  std::string type, message, details;  ///< of the whole
  std::string param;                   ///< the field of the body; "": the first fault's
  std::vector<NodeFault> faults;
  std::map<std::string, std::string> classes;   ///< of the nodes that faults name
  std::vector<std::string> dependent_outputs;   ///< ids of the nodes that wanted pictures
  int status = 400;

  const char* what() const noexcept override { return message.c_str(); }
};

/// Of a body that is no prompt at all.
PromptRefusal refused_prompt(const std::string& type, const std::string& message, const std::string& param);
/// Of nodes; `faults` is not empty.
PromptRefusal refused_nodes(std::vector<NodeFault> faults);

/// "prompt.3.inputs.steps".
std::string param_of_input(const std::string& node, const std::string& input);

void send_refusal(Exchange& exchange, const PromptRefusal& refusal);

}  // namespace alice::comfy
