#include "core/host/plugin_loader.h"
