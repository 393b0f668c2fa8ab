/* A plugin of another SDK, libtorch and C++ ABI. */
#include "marker.h"

const int alice_plugin_2_torch9_99_cxx03 = 0;
