// A plugin that exports a function of its own besides its entry.

#include "core/api/plugin.h"

extern "C" __attribute__((visibility("default"))) int alice_plugin_helper() { return 1; }

ALICE_PLUGIN("two-symbols", "1.0.0", [](alice::Enrolment&) {})
