// Included before a template's source, so that its enrolment becomes `enrol_sound` instead of the library's entry.
// The one who includes it gives the macro back: #pragma pop_macro("ALICE_PLUGIN").

#include "core/api/plugin.h"

#pragma push_macro("ALICE_PLUGIN")
#undef ALICE_PLUGIN
#define ALICE_PLUGIN(id, version, ...)  \
  namespace {                           \
  const auto enrol_sound = __VA_ARGS__; \
  }
