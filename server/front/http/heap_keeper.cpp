#include "server/front/http/heap_keeper.h"

#include <malloc.h>

#include <algorithm>

namespace alice {

void HeapKeeper::look(uint64_t now, uint64_t highest) {
  constexpr uint64_t kWorthIt = 4u << 20;
  highest_ = std::max(highest_, highest);
  if (highest_ < now + kWorthIt) return;
  highest_ = now;
  helper_.post([] { malloc_trim(0); });
}

}  // namespace alice
