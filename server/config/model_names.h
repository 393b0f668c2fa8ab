#pragma once
// Names of models in a configuration: lists of ids, and models.preload, which is one.

#include <map>
#include <string>
#include <vector>

#include "server/config/config.h"
#include "server/config/section_reader.h"

namespace alice {

inline constexpr const char* kModelPrefix = "sd/";  ///< every model's id begins so

/// The ids in a list, or one alone; what is no id, and a map, is a fault. `key`: the list's, for messages.
std::vector<PlacedName> read_model_ids(const ConfigNode& node, const std::string& key, SectionReader& reader);

/// models.aliases: a name, which may have * for any letters, to an id or to "" for the word `default`. What means no
/// model is a fault.
std::map<std::string, std::string> read_model_aliases(const ConfigNode& node, SectionReader& reader);

/// That models.default_model is nowhere; nothing when it is there, or none is said.
std::optional<Fault> missing_default_model(const Config& config);

/// Checks models.preload: an id that stands twice, and models of one group beyond what a worker keeps loaded, are
/// faults; so is an id that no model has when `must_exist`. After settle_worker_groups().
void check_preload(const Config& config, bool must_exist, Faults& faults);

}  // namespace alice
