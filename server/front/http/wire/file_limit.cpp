#include "server/front/http/wire/file_limit.h"

#include <sys/resource.h>

#include <algorithm>

namespace alice {

int64_t raise_file_limit() {
  constexpr int64_t kWhenUnknown = 1024;  // POSIX systems' usual soft limit
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return kWhenUnknown;
  const rlim_t soft = limit.rlim_cur;
  limit.rlim_cur = limit.rlim_max;
  if (setrlimit(RLIMIT_NOFILE, &limit) != 0) limit.rlim_cur = soft;
  constexpr rlim_t kEnough = 1u << 30;  // also takes RLIM_INFINITY
  return static_cast<int64_t>(std::min(limit.rlim_cur, kEnough));
}

int64_t connections_within(int64_t file_limit, int64_t wanted) {
  constexpr int64_t kLargestReserve = 256;
  const int64_t reserve = std::min(kLargestReserve, file_limit / 2);
  return std::max<int64_t>(1, std::min(wanted, file_limit - reserve));
}

}  // namespace alice
