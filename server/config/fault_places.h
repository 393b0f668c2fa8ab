#pragma once
// What is wrong with a configuration, as people want to read it: each fault with its key, once, from the top to the
// bottom.

#include <map>
#include <string>
#include <vector>

#include "server/config/config_node.h"

namespace alice {

/// The key of every value that is no map, by its place: "config.yaml:14:7" -> "generation.default_steps"; of what
/// stands in a list, the list's.
std::map<std::string, std::string> keys_by_place(const ConfigNode& root);

/// Faults whose place is a value's begin with the value's key, unless they name it. `faults` come in the order of the
/// places within a source ("file:line:column"), sources in the order in which they were found; one that is told twice
/// is told once.
std::vector<Fault> in_order(const std::vector<Fault>& faults, const std::map<std::string, std::string>& keys);

}  // namespace alice
