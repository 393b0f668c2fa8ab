#pragma once
// What a zip archive holds (PKWARE APPNOTE 6.3.10), checked in full before anything of it is believed.

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

namespace alice {

struct ZipEntry {
  uint64_t begin = 0;     ///< of its bytes, from the start of the file
  uint64_t packed = 0;    ///< bytes in the file
  uint64_t size = 0;      ///< bytes of what it holds
  uint32_t crc32 = 0;     ///< of what it holds; not checked here
  bool deflated = false;  ///< else stored as it is
};

/// Reads the directory at the end of `file`, with zip64's larger numbers, and the head before each entry's bytes; takes
/// time in proportion to the directory, which may have 16 MiB and 100,000 entries. Checked: that every length and
/// offset lies in the file, that no name comes twice, that heads and directory give the same name, that entries do not
/// overlap one another or the directory, that stored ones are as long as they say; that nothing is encrypted, split
/// over disks or packed otherwise than by deflate. Throws Error(bad_weights) or Error(unsupported) at `place` naming
/// the entry. Any thread.
std::map<std::string, ZipEntry> read_zip_directory(std::string_view file, const std::string& place);

}  // namespace alice
