#pragma once
// The configuration of the earlier ALICE, where ours has no such thing: the one file that knows its keys, values and
// variables. Its keys that we honour bear the same names here and are read with our own.

#include <string>
#include <vector>

#include "server/config/config_node.h"

namespace alice {

/// The names of the earlier ALICE's keys under `section` that we do not read, for "did you mean".
std::vector<std::string> alice_keys(const std::string& section);
/// Its sections that hold none of our keys.
const std::vector<std::string>& alice_sections();

/// Takes the earlier ALICE's keys out of a whole configuration. One whose value asks for nothing that we lack goes
/// without a word; another leaves a warning that names it. Values are not repeated in messages: some are secrets.
void take_alice_keys(ConfigNode& root, std::vector<Fault>& warnings);

/// Whether `backend` is what the earlier ALICE calls one of its own engines.
bool is_alice_engine(const std::string& backend);

/// The warning for a variable of the earlier ALICE that we do not honour, or "" when `name` is none of those.
std::string alice_variable_warning(const std::string& name);

}  // namespace alice
