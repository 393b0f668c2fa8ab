/* A shared library that is no plugin. */
#include "marker.h"

int some_function(void) { return 1; }
