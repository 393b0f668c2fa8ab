#pragma once
// How many requests each route has answered with which status. On the loop's thread only.

#include <cstdint>
#include <map>
#include <string>
#include <utility>

namespace alice {

class RequestCounters {
 public:
  using Counts = std::map<std::pair<std::string, int>, int64_t>;  ///< {route's pattern, status} -> how many
  void count(const std::string& route, int status) { ++counts_[{route, status}]; }
  const Counts& counts() const { return counts_; }

 private:
  Counts counts_;
};

}  // namespace alice
