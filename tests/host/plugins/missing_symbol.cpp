// A plugin that needs a function that nobody has.
#include "core/api/plugin.h"
#include "marker.h"

void a_function_that_nobody_has();

ALICE_PLUGIN("missing-symbol", "1.0.0", [](alice::Enrolment&) { a_function_that_nobody_has(); })
