#pragma once
// The section openai: what words of OpenAI's API mean here.

#include "server/config/section_reader.h"
#include "server/config/server_config.h"

namespace alice {

/// The words that a request's quality may be bound by: those of OpenAI's models.
const std::vector<std::string>& quality_words();

/// Reads the section into `server`; what is wrong is added to the reader's faults. A stronger layer's quality takes the
/// weaker one's place.
void read_openai(const ConfigNode& node, SectionReader& reader, ServerConfig& server);

}  // namespace alice
