// The library as a file: its symbols, its entry, what it enrols.

#include <algorithm>
#include <cctype>
#include <set>

#include "core/host/plugin_loader.h"
#include "sdk/check/check.h"
#include "sdk/check/process_state.h"

namespace alice::check {
namespace {

constexpr size_t kMostNamed = 4;  // of many symbols

std::string in_lower_case(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return std::tolower(c); });
  return text;
}

std::string check_abi(const Case& it) {
  check_plugin_abi(it.plugin.file());
  return host_entry_symbol();
}

std::string check_one_symbol(const Case& it) {
  std::vector<std::string> others = exported_symbols(it.plugin.file());
  others.erase(std::remove(others.begin(), others.end(), host_entry_symbol()), others.end());
  if (others.empty()) return "";
  std::string list;
  for (size_t i = 0; i < others.size() && i < kMostNamed; ++i) list += (i == 0 ? "" : ", ") + others[i];
  fail("it exports " + std::to_string(others.size()) + " symbols besides its entry: " + list +
       (others.size() > kMostNamed ? ", ..." : ""));
}

std::string check_loads(const Case& it) {
  it.plugin.entry();
  return "";
}

std::string check_identity(const Case& it) {
  const std::string id = it.plugin.entry().id, version = it.plugin.entry().version;
  expect(!id.empty(), "the plugin's id is empty");
  expect(!version.empty() && std::isdigit(static_cast<unsigned char>(version[0])) != 0,
         "the plugin's version is '" + version + "'");
  return id + " " + version;
}

std::string check_enrols(const Case& it) {
  const size_t count = it.plugin.subjects().size();
  expect(count > 0, "enrol() handed in no factory");
  return std::to_string(count) + (count == 1 ? " factory" : " factories");
}

std::string check_names(const Case& it) {
  std::set<std::string> taken;  // "kind name"
  for (const Subject& subject : it.plugin.subjects()) {
    expect(!subject.id.empty(), "a " + subject.kind + " has an empty id");
    std::vector<std::string> names = {subject.id};
    for (const Alias& alias : it.plugin.factory(subject).info().aliases) names.push_back(alias.name);
    for (const std::string& name : names)
      expect(taken.insert(subject.kind + " " + in_lower_case(name)).second,
             "the name '" + name + "' stands for more than one " + subject.kind);
  }
  return "";
}

std::string check_threads(const Case& it) {
  it.plugin.subjects();
  if (const std::string more = ProcessState::at_start().what_is_left(); !more.empty())
    fail("after load and enrol() " + more);
  return "";
}

}  // namespace

std::vector<Check> entry_checks() {
  const std::vector<std::string> library = {kEntry};
  return {
      {"entry/abi",
       "The file is a shared library whose entry symbol is this ALICE's: of the same SDK major, libtorch and C++ ABI.",
       "Write ALICE_PLUGIN(...) in one source file, link with alice_add_plugin(), and build against this ALICE's SDK.",
       "", library, check_abi},
      {"entry/one-symbol",
       "The library exports its entry and nothing else, so that two plugins never mix their symbols.",
       "Link with alice_add_plugin(), which hides all else, or give the linker the SDK's plugin.map.", "entry/abi",
       library, check_one_symbol},
      {"entry/loads", "The library loads with every symbol bound, and its entry is complete.",
       "Link every library that you use (-Wl,-z,defs finds what is missing), and let ALICE_PLUGIN(...) make the entry.",
       "entry/abi", library, check_loads},
      {"entry/identity", "The plugin has an id, and a version that begins with a digit.",
       "Give both to ALICE_PLUGIN(id, version, enrol).", "entry/loads", library, check_identity},
      {"entry/enrols", "enrol() hands in at least one factory, none of them null, and throws nothing.",
       "Call enrol.add(std::make_unique<MyFactory>()) in enrol(); do what can fail in create() instead.", "entry/loads",
       library, check_enrols},
      {"entry/leaves-no-threads", "Loading and enrolling start no thread and leave no file open.",
       "Start nothing in static initialisers or in enrol(): start it in create(), and stop it in a destructor.",
       "entry/enrols", library, check_threads},
      {"entry/names", "Every id and alias is there and stands for one factory of its kind, letter case ignored.",
       "Rename one of the two.", "entry/enrols", library, check_names},
      {"entry/ends", "A process that has loaded the plugin and enrolled its factories ends by itself, with success.",
       "Look at destructors of static objects and at atexit(): nothing there may wait, crash or call exit().",
       "entry/enrols", library, nullptr},  // by the supervisor: it is about the process itself
  };
}

}  // namespace alice::check
