#include "server/front/http/doors/comfy/graph.h"

#include <algorithm>
#include <cmath>
#include <set>

#include "core/base/utf8.h"

namespace alice::comfy {
namespace {

constexpr size_t kLongestShown = 100;

std::string shown(const Json& value) { return brief(dump_json(value), kLongestShown); }

/// What a number is that may be written as a text, or as yes or no; null for what is none.
Json number_of(const Json& value) {
  if (value.is_boolean()) return value.get<bool>() ? 1 : 0;
  if (!value.is_string()) return value.is_number() ? value : Json();
  const Json read = Json::parse(value.get_ref<const std::string&>(), nullptr, /*allow_exceptions=*/false);
  return read.is_number() ? read : Json();
}

std::string in_digits(const Input& input, double bound) {
  return input.kind == Kind::integer ? dump_json(Json(static_cast<uint64_t>(std::abs(bound)))) : dump_json(Json(bound));
}

class Reader {
 public:
  Reader(const Json& prompt, const IsWord& is_word) : prompt_(prompt), is_word_(is_word) {}

  Graph read();

 private:
  void look_at_classes();
  void read_node(const std::string& id);
  void note_unknown(const Node& node, const Json& inputs);
  void read_input(Node& node, const Input& input, const Json& value);
  void read_link(Node& node, const Input& input, const Json& value);
  void read_number(Node& node, const Input& input, const Json& value);
  void read_text(Node& node, const Input& input, const Json& value);
  void look_for_circles(const std::string& id, std::set<std::string>& above, std::set<std::string>& done);
  void fault(const std::string& node, const std::string& input, const char* type, const char* message,
             std::string details);
  [[noreturn]] void refuse();
  std::string class_of(const std::string& id) const;

  const Json& prompt_;
  const IsWord& is_word_;
  Graph graph_;
  std::vector<NodeFault> faults_;
};

std::string Reader::class_of(const std::string& id) const {
  const auto node = prompt_.find(id);
  return node != prompt_.end() && node->is_object() && node->contains("class_type") && (*node)["class_type"].is_string()
             ? (*node)["class_type"].get<std::string>()
             : "";
}

void Reader::fault(const std::string& node, const std::string& input, const char* type, const char* message,
                   std::string details) {
  faults_.push_back({node, input, type, message, std::move(details)});
}

void Reader::refuse() {
  PromptRefusal refusal = refused_nodes(faults_);
  for (const NodeFault& one : faults_) refusal.classes[one.node] = class_of(one.node);
  refusal.dependent_outputs = graph_.outputs;
  throw refusal;
}

void Reader::look_at_classes() {
  for (const auto& [id, node] : prompt_.items()) {
    if (!node.is_object() || !node.contains("class_type") || !node["class_type"].is_string()) {
      fault(id, "", "invalid_prompt", "Cannot execute because a node is missing the class_type property",
            "Node ID '#" + brief(id, kLongestShown) + "'");
      continue;
    }
    const std::string name = node["class_type"].get<std::string>();
    const NodeClass* type = node_class(name);
    if (type == nullptr)
      fault(id, "", "missing_node_type", "This server has no node of this class",
            "'" + brief(name, kLongestShown) + "'; GET /object_info lists those that there are");
    else if (!type->is_built)
      fault(id, "", "missing_node_type", "This class of node is not built",
            name + ": models of this server are checkpoints; use CheckpointLoaderSimple");
    else if (type->is_output)
      graph_.outputs.push_back(id);
  }
  if (!faults_.empty()) refuse();
  if (graph_.outputs.empty())
    throw refused_prompt("prompt_no_outputs", "Prompt has no outputs: no SaveImage and no PreviewImage is in it",
                         "prompt");
}

void Reader::read_link(Node& node, const Input& input, const Json& value) {
  const bool is_link = value.is_array() && value.size() == 2 && value[0].is_string() &&
                       (value[1].is_number_unsigned() || (value[1].is_number_integer() && value[1] >= 0));
  if (!is_link)
    return fault(node.id, input.name, "bad_linked_input",
                 "Bad linked input, must be a length-2 list of [node_id, slot_index]",
                 input.name + ": " + shown(value));
  const Link link = {value[0].get<std::string>(), value[1].get<size_t>()};
  if (!prompt_.contains(link.node))
    return fault(node.id, input.name, "bad_linked_input", "Bad linked input, there is no node of that id",
                 input.name + ": '" + brief(link.node, kLongestShown) + "'");
  const std::vector<std::string>& outputs = node_class(class_of(link.node))->outputs;
  const std::string given = link.slot < outputs.size() ? outputs[link.slot] : "nothing";
  if (given != type_of(input))
    return fault(node.id, input.name, "return_type_mismatch", "Return type mismatch between linked nodes",
                 input.name + ", received_type(" + given + ") mismatch input_type(" + type_of(input) + ")");
  node.links[input.name] = link;
  read_node(link.node);
}

void Reader::read_number(Node& node, const Input& input, const Json& value) {
  Json number = number_of(value);
  if (number.is_null())
    return fault(node.id, input.name, "invalid_input_type",
                 input.kind == Kind::integer ? "Failed to convert an input value to a INT value"
                                             : "Failed to convert an input value to a FLOAT value",
                 input.name + ", " + shown(value));
  if (number.get<double>() < input.minimum)
    return fault(node.id, input.name, "value_smaller_than_min", "Value smaller than min",
                 input.name + ": " + shown(value) + " is less than " + (input.minimum < 0 ? "-" : "") +
                     in_digits(input, input.minimum));
  constexpr double kNoWhole = 18446744073709551616.0;  // 2^64: a double that the largest seed is rounded to
  const auto value_of = number.get<double>();
  if (value_of > input.maximum || (number.is_number_float() && value_of >= kNoWhole))
    return fault(node.id, input.name, "value_bigger_than_max", "Value bigger than max",
                 input.name + ": " + shown(value) + " is more than " + (input.maximum < 0 ? "-" : "") +
                     in_digits(input, input.maximum));
  if (input.kind == Kind::integer && number.is_number_float())  // cut, as Python's int() does
    number = value_of < 0 ? Json(static_cast<int64_t>(value_of)) : Json(static_cast<uint64_t>(value_of));
  node.values[input.name] = std::move(number);
}

void Reader::read_text(Node& node, const Input& input, const Json& value) {
  if (value.is_string())
    node.values[input.name] = value;
  else if (value.is_number() || value.is_boolean())  // as Python's str() has them, but for yes and no
    node.values[input.name] = dump_json(value);
  else
    fault(node.id, input.name, "invalid_input_type", "Failed to convert an input value to a STRING value",
          input.name + ", " + shown(value));
}

void Reader::read_input(Node& node, const Input& input, const Json& value) {
  switch (input.kind) {
    case Kind::link: return read_link(node, input, value);
    case Kind::integer:
    case Kind::number: return read_number(node, input, value);
    case Kind::text: return read_text(node, input, value);
    case Kind::word:
      if (value.is_string() && is_word_(input.words, value.get_ref<const std::string&>()))
        node.values[input.name] = value;
      else
        fault(node.id, input.name, "value_not_in_list", "Value not in list",
              input.name + ": " + shown(value) + " is none that GET /object_info/" + node.type->name + " lists");
  }
}

/// ComfyUI passes them over. "upload" is its page's own.
void Reader::note_unknown(const Node& node, const Json& inputs) {
  constexpr size_t kMostTold = 10;
  for (const auto& [name, value] : inputs.items()) {
    const auto& known = node.type->inputs;
    const bool is_known =
        name == "upload" || std::any_of(known.begin(), known.end(), [&](const Input& one) { return one.name == name; });
    if (!is_known && graph_.warnings.size() < kMostTold)
      graph_.warnings.push_back(param_of_input(node.id, name) + ": has no effect here");
  }
}

/// Each node once, however many links lead to it.
void Reader::read_node(const std::string& id) {
  if (graph_.nodes.count(id) > 0) return;
  Node& node = graph_.nodes[id];
  node.id = id, node.type = node_class(class_of(id));
  const Json& whole = prompt_.at(id);
  const Json inputs = whole.contains("inputs") && whole["inputs"].is_object() ? whole["inputs"] : Json::object();
  for (const Input& input : node.type->inputs) {
    const auto value = inputs.find(input.name);
    if (value != inputs.end() && !value->is_null())
      read_input(node, input, *value);
    else if (input.is_required)
      fault(id, input.name, "required_input_missing", "Required input is missing", input.name);
  }
  note_unknown(node, inputs);
}

void Reader::look_for_circles(const std::string& id, std::set<std::string>& above, std::set<std::string>& done) {
  if (done.count(id) > 0) return;
  above.insert(id);
  for (const auto& [name, link] : graph_.at(id).links) {
    if (above.count(link.node) > 0)
      fault(id, name, "dependency_cycle", "Dependency cycle detected", name);
    else
      look_for_circles(link.node, above, done);
  }
  above.erase(id);
  done.insert(id);
}

Graph Reader::read() {
  if (!prompt_.is_object() || prompt_.empty() || prompt_.size() > kMostNodes)
    throw refused_prompt("no_prompt",
                         "prompt must be an object of 1 to " + std::to_string(kMostNodes) +
                             " nodes, as ComfyUI's \"Save (API Format)\" writes it",
                         "prompt");
  look_at_classes();
  for (const std::string& id : graph_.outputs) read_node(id);
  std::set<std::string> above, done;
  for (const std::string& id : graph_.outputs) look_for_circles(id, above, done);
  if (!faults_.empty()) refuse();
  return std::move(graph_);
}

}  // namespace

const Node& Graph::behind(const Node& node, const std::string& input) const { return at(node.links.at(input).node); }

Graph read_graph(const Json& prompt, const IsWord& is_word) { return Reader(prompt, is_word).read(); }

}  // namespace alice::comfy
