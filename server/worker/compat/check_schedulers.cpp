#include "server/worker/compat/compat.h"
namespace alice { void check_schedulers(CompatRun&) {} }
