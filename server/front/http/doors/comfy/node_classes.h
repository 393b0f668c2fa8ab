#pragma once
// The nodes of ComfyUI that this door understands (nodes.py of ComfyUI; ETN_LoadImageBase64 of comfyui-tooling-nodes,
// which SillyTavern's graphs use): what they take and give, written down once. Prompts are checked by it, and
// /object_info tells it.

#include <map>
#include <string>
#include <vector>

#include "core/base/json.h"

namespace alice::comfy {

enum class Kind {
  link,     ///< what another node gives, of the type that is named
  integer,
  number,
  text,
  word,     ///< one of a list
};

/// What the words of an input are.
enum class Words { none, checkpoints, own_vae, loras, samplers, spacings, uploads, scalings, crops, nothing };

struct Input {
  std::string name;
  Kind kind = Kind::link;
  std::string type;  ///< link: "MODEL"
  Words words = Words::none;
  Json usual;                  ///< what ComfyUI shows at first; null: nothing
  double minimum = 0, maximum = 0;  ///< of numbers, inclusive
  double step = 0;                  ///< of numbers, in ComfyUI's page; 0: any
  bool is_required = true;
};

struct NodeClass {
  std::string name, title, category, help;
  std::vector<Input> inputs;
  std::vector<std::string> outputs;  ///< their types, by slot
  bool is_output = false;            ///< a prompt is what such nodes want
  bool is_built = true;              ///< false: clients ask for its lists, and a prompt with it is refused
};

/// Inputs that lead to the network, and to the text encoder.
extern const char* const kNetworkInput;
extern const char* const kEncoderInput;

const std::vector<NodeClass>& node_classes();
/// nullptr when there is none of that name.
const NodeClass* node_class(const std::string& name);

/// The words that there are now. Those that are fixed are filled in by whoever asks.
using WordLists = std::map<Words, std::vector<std::string>>;

/// "INT"; of a link its type; of a list "COMBO".
std::string type_of(const Input& input);

/// GET /object_info's entry of a class.
Json describe_node(const NodeClass& node, const WordLists& words);

}  // namespace alice::comfy
