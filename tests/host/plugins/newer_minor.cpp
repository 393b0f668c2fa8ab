// A plugin that was built with a later SDK of the same major.
#include "core/api/plugin.h"
#include "marker.h"

extern "C" __attribute__((visibility("default"))) const alice::PluginEntry ALICE_ENTRY_SYMBOL;
extern "C" const alice::PluginEntry ALICE_ENTRY_SYMBOL = {sizeof(alice::PluginEntry), ALICE_SDK_MINOR + 1,
                                                          "newer-minor", "1.0.0", [](alice::Enrolment&) {}};
