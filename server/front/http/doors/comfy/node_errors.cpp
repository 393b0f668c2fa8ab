#include "server/front/http/doors/comfy/node_errors.h"

#include <algorithm>

#include "core/base/error.h"
#include "core/base/utf8.h"
#include "server/front/http/exchange.h"

namespace alice::comfy {
namespace {

constexpr size_t kMostTold = 20, kLongest = 400, kLongestMessage = 2000;

std::string in_words(const NodeFault& fault, const std::string& node_class) {
  std::string text = "node " + brief(fault.node, 64);
  if (!node_class.empty()) text += " (" + brief(node_class, 64) + ")";
  if (!fault.input.empty()) text += ", " + brief(fault.input, 64);
  return text + ": " + fault.message + (fault.details.empty() ? "" : ": " + brief(fault.details, kLongest));
}

std::string class_of(const PromptRefusal& refusal, const std::string& node) {
  const auto found = refusal.classes.find(node);
  return found == refusal.classes.end() ? "" : found->second;
}

std::string in_words(const PromptRefusal& refusal) {
  std::string text;
  for (size_t i = 0; i < std::min(refusal.faults.size(), kMostTold); ++i)
    text += (text.empty() ? "" : "; ") + in_words(refusal.faults[i], class_of(refusal, refusal.faults[i].node));
  return brief(text.empty() ? refusal.message : text, kLongestMessage);
}

Json node_errors(const PromptRefusal& refusal) {
  Json nodes = Json::object();
  for (size_t i = 0; i < std::min(refusal.faults.size(), kMostTold); ++i) {
    const NodeFault& fault = refusal.faults[i];
    const std::string id = brief(fault.node, 64);
    Json& node = nodes[id];
    if (node.is_null())
      node = {{"errors", Json::array()},
              {"dependent_outputs", refusal.dependent_outputs},
              {"class_type", brief(class_of(refusal, fault.node), kLongest)}};
    Json extra = Json::object();
    if (!fault.input.empty()) extra["input_name"] = brief(fault.input, kLongest);
    node["errors"].push_back({{"type", fault.type},
                              {"message", fault.message},
                              {"details", brief(fault.details, kLongest)},
                              {"extra_info", extra}});
  }
  return nodes;
}

}  // namespace

PromptRefusal refused_prompt(const std::string& type, const std::string& message, const std::string& param) {
  PromptRefusal refusal;
  refusal.type = type, refusal.message = message, refusal.details = message, refusal.param = param;
  return refusal;
}

PromptRefusal refused_nodes(std::vector<NodeFault> faults) {
  PromptRefusal refusal;
  refusal.type = "prompt_outputs_failed_validation";
  refusal.message = "Prompt outputs failed validation";
  refusal.param = param_of_input(faults.front().node, faults.front().input);
  refusal.faults = std::move(faults);
  return refusal;
}

std::string param_of_input(const std::string& node, const std::string& input) {
  return "prompt." + brief(node, 64) + (input.empty() ? "" : ".inputs." + brief(input, 64));
}

void send_refusal(Exchange& exchange, const PromptRefusal& refusal) {
  ApiError error(refusal.status, to_string(refusal.status == 404 ? ErrorCode::not_found : ErrorCode::bad_request),
                 in_words(refusal), refusal.param);
  Json body = Json::parse(error.body());
  Json& told = body["error"];
  told["type"] = refusal.type;
  told["details"] = refusal.faults.empty() ? refusal.details : told["message"].get<std::string>();
  told["extra_info"] = Json::object();
  body["node_errors"] = node_errors(refusal);
  exchange.send_json(refusal.status, body, {{"x-should-retry", "false"}});
}

}  // namespace alice::comfy
