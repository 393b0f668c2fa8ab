// A plugin that throws something that is no exception while it enrols.
#include "core/api/plugin.h"

ALICE_PLUGIN("throws", "1.0.0", [](alice::Enrolment&) { throw 42; })
