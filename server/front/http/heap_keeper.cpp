#include "server/front/http/heap_keeper.h"

#include <malloc.h>

#include <algorithm>

#include "core/base/machine_memory.h"

namespace alice {

void HeapKeeper::look(uint64_t now, uint64_t highest) {
  constexpr uint64_t kWorthIt = 4u << 20;
  highest_ = std::max(highest_, highest);
  if (highest_ < now + kWorthIt) return helper_.post(trim_where_much_is_unused);
  highest_ = now;
  helper_.post([] { malloc_trim(0); });
}

void HeapKeeper::trim_where_much_is_unused() {
  constexpr uint64_t kMuch = 64u << 20;  // far more than code, stacks and what trimming cannot give back
  const struct mallinfo2 heap = mallinfo2();
  const auto resident = static_cast<uint64_t>(resident_memory());
  if (resident > heap.uordblks + heap.hblkhd + kMuch) malloc_trim(0);
}

}  // namespace alice
