#include "server/config/openai_section.h"

#include "core/base/request_fields.h"

namespace alice {

const std::vector<std::string>& quality_words() {
  static const std::vector<std::string> words = {"auto", "low", "medium", "high", "standard", "hd"};
  return words;
}

void read_openai(const ConfigNode& node, SectionReader& reader, ServerConfig& server) {
  if (!reader.is_map(node, "openai", {"quality"})) return;
  const auto* quality = node.find("quality");
  if (quality == nullptr) return;
  server.quality.clear();
  if (!reader.is_map(quality->value, "quality", quality_words())) return;
  for (const auto& [word, place, value] : quality->value.members)
    if (reader.is_map(value, "quality " + word, model_default_names()))
      reader.read_options(generate_options(), value, server.quality[word]);
}

}  // namespace alice
