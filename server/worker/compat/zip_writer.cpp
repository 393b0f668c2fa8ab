#include "server/worker/compat/zip_writer.h"

#include <array>

#include "server/worker/compat/byte_writer.h"

namespace alice {
namespace {

constexpr uint64_t kVersion = 20, kUnix = 3, kFirstDay = 0x21;
constexpr uint64_t kOwnersOnly = uint64_t{0600} << 16;  // permissions, where Unix has them

std::array<uint32_t, 256> crc_table() {
  std::array<uint32_t, 256> table{};
  for (uint32_t byte = 0; byte < table.size(); ++byte) {
    uint32_t crc = byte;
    for (int bit = 0; bit < 8; ++bit) crc = crc >> 1 ^ ((crc & 1) != 0 ? 0xedb88320 : 0);
    table[byte] = crc;
  }
  return table;
}

uint32_t crc32_of(std::string_view bytes) {
  static const std::array<uint32_t, 256> table = crc_table();
  uint32_t crc = ~uint32_t{0};
  for (const char byte : bytes) crc = crc >> 8 ^ table[(crc ^ static_cast<unsigned char>(byte)) & 0xff];
  return ~crc;
}

}  // namespace

void ZipWriter::add(const std::string& name, std::string_view bytes) {
  std::string common;  // of the member's head and its line in the directory
  append_little_endian(common, kVersion, 2);
  append_little_endian(common, 0, 2);  // flags
  append_little_endian(common, 0, 2);  // not packed
  append_little_endian(common, 0, 2);  // midnight
  append_little_endian(common, kFirstDay, 2);
  append_little_endian(common, crc32_of(bytes), 4);
  append_little_endian(common, bytes.size(), 4);  // packed
  append_little_endian(common, bytes.size(), 4);
  append_little_endian(common, name.size(), 2);
  append_little_endian(common, 0, 2);  // nothing extra

  directory_ += "PK\x01\x02";
  append_little_endian(directory_, kVersion, 1);
  append_little_endian(directory_, kUnix, 1);
  directory_ += common;
  append_little_endian(directory_, 0, 2 + 2 + 2);  // comment, disk, internal attributes
  append_little_endian(directory_, kOwnersOnly, 4);
  append_little_endian(directory_, file_.size(), 4);
  directory_ += name;

  file_ += "PK\x03\x04" + common + name;
  file_ += bytes;
  ++members_;
}

std::string ZipWriter::finish() {
  const uint64_t begin = file_.size();
  file_ += directory_ + "PK\x05\x06";
  append_little_endian(file_, 0, 2 + 2);  // one disk
  append_little_endian(file_, members_, 2);
  append_little_endian(file_, members_, 2);
  append_little_endian(file_, directory_.size(), 4);
  append_little_endian(file_, begin, 4);
  append_little_endian(file_, 0, 2);  // no comment
  return std::move(file_);
}

}  // namespace alice
