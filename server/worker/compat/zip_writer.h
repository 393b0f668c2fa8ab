#pragma once
// Zip archives that pack nothing, as Python's zipfile writes them.

#include <cstdint>
#include <string>
#include <string_view>

namespace alice {

/// Below 4 GiB. Every member is of the first day that archives know, 1 January 1980. One thread.
class ZipWriter {
 public:
  void add(const std::string& name, std::string_view bytes);
  /// Once, last.
  std::string finish();

 private:
  std::string file_, directory_;
  uint64_t members_ = 0;
};

}  // namespace alice
