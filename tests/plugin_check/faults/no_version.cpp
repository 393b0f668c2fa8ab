// A plugin that does not say which version it is.

#include "core/api/plugin.h"

ALICE_PLUGIN("no-version", "", [](alice::Enrolment&) {})
