#include "core/io/zip_directory.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "core/base/error.h"
#include "core/base/utf8.h"

namespace alice {
namespace {

// Sizes of the fixed parts, and what they begin with (APPNOTE 4.3.7, 4.3.12, 4.3.14 to 4.3.16).
constexpr size_t kHead = 30, kRecord = 46, kEnd = 22, kEnd64 = 56, kLocator = 20;
constexpr uint32_t kHeadMark = 0x04034b50, kRecordMark = 0x02014b50, kEndMark = 0x06054b50, kEnd64Mark = 0x06064b50,
                   kLocatorMark = 0x07064b50;
constexpr uint64_t kIn64 = 0xffffffff;  // "see the larger number"
constexpr uint16_t kExtra64 = 1;
constexpr uint16_t kEncrypted = 1, kStored = 0, kDeflated = 8;
constexpr size_t kLongestComment = 0xffff;
constexpr uint64_t kMostEntries = 100'000, kLargestDirectory = 16u << 20;

/// Numbers of a part of the file that is known to be there.
class Numbers {
 public:
  explicit Numbers(std::string_view bytes) : bytes_(bytes) {}
  uint64_t next(size_t count) {
    uint64_t value = 0;
    for (size_t i = 0; i < count && i < bytes_.size(); ++i)
      value |= uint64_t{static_cast<unsigned char>(bytes_[i])} << (8 * i);
    skip(count);
    return value;
  }
  void skip(size_t count) { bytes_.remove_prefix(std::min(count, bytes_.size())); }
  size_t left() const { return bytes_.size(); }
  std::string_view take(size_t count) {
    const std::string_view taken = bytes_.substr(0, count);
    skip(count);
    return taken;
  }

 private:
  std::string_view bytes_;
};

struct Directory {
  uint64_t entries = 0, begin = 0, size = 0;
};

class Reader {
 public:
  Reader(std::string_view file, const std::string& place) : file_(file), place_(place) {}

  std::map<std::string, ZipEntry> read() {
    const Directory directory = find_directory();
    Numbers records(part(directory.begin, directory.size, "its directory"));
    for (uint64_t i = 0; i < directory.entries; ++i) read_record(records, directory.begin);
    if (records.left() != 0) fail("has a directory that is longer than its entries");
    check_overlaps(directory.begin);
    return std::move(entries_);
  }

 private:
  [[noreturn]] void fail(const std::string& sentence) const {
    throw Error(ErrorCode::bad_weights, place_, "is a zip archive (as PyTorch writes them) that " + sentence);
  }
  [[noreturn]] void fail_entry(const std::string& name, const std::string& sentence) const {
    fail("has the entry '" + brief(name) + "', which " + sentence);
  }

  std::string_view part(uint64_t begin, uint64_t size, const std::string& what) const {
    if (begin > file_.size() || size > file_.size() - begin) fail("is cut off: " + what + " lies behind its end");
    return file_.substr(begin, size);
  }

  uint64_t find_end() const {
    if (file_.size() < kEnd) fail("is cut off");
    const uint64_t last = file_.size() - kEnd, first = last - std::min<uint64_t>(last, kLongestComment);
    for (uint64_t at = last + 1; at-- > first;) {
      if (file_[at] != 'P') continue;
      Numbers end(file_.substr(at, kEnd));
      if (end.next(4) != kEndMark) continue;
      end.skip(kEnd - 4 - 2);
      if (end.next(2) == last - at) return at;
    }
    fail("has no directory at its end: it is cut off");
  }

  Directory find_directory() const {
    const uint64_t end_at = find_end();
    Numbers end(file_.substr(end_at, kEnd));
    end.skip(4);
    const uint64_t disk = end.next(2), disk_of_directory = end.next(2);
    end.skip(2);
    Directory directory;
    directory.entries = end.next(2);
    directory.size = end.next(4);
    directory.begin = end.next(4);
    if (!read_end64(end_at, directory) && (disk != 0 || disk_of_directory != 0)) fail("is a piece of several");
    if (directory.entries > kMostEntries) fail("has more than " + std::to_string(kMostEntries) + " entries");
    if (directory.size > kLargestDirectory)
      fail("has a directory of more than " + std::to_string(kLargestDirectory) + " bytes");
    return directory;
  }

  bool read_end64(uint64_t end_at, Directory& directory) const {
    if (end_at < kLocator) return false;
    Numbers locator(file_.substr(end_at - kLocator, kLocator));
    if (locator.next(4) != kLocatorMark) return false;
    locator.skip(4);
    Numbers end(part(locator.next(8), kEnd64, "its end"));
    if (end.next(4) != kEnd64Mark) fail("has no end where it says");
    end.skip(8 + 2 + 2);
    if (end.next(4) != 0 || end.next(4) != 0) fail("is a piece of several");
    end.skip(8);
    directory.entries = end.next(8);
    directory.size = end.next(8);
    directory.begin = end.next(8);
    return true;
  }

  void read_record(Numbers& records, uint64_t directory_begin) {
    if (records.left() < kRecord) fail("has a directory that is shorter than its entries");
    Numbers record(records.take(kRecord));
    if (record.next(4) != kRecordMark) fail("has a directory that is damaged");
    record.skip(4);
    const uint64_t flags = record.next(2), method = record.next(2);
    record.skip(4);
    ZipEntry entry;
    entry.crc32 = static_cast<uint32_t>(record.next(4));
    entry.packed = record.next(4);
    entry.size = record.next(4);
    const uint64_t name_bytes = record.next(2), extra_bytes = record.next(2), comment_bytes = record.next(2);
    record.skip(2 + 2 + 4);
    uint64_t head_at = record.next(4);
    if (records.left() < name_bytes + extra_bytes + comment_bytes) fail("has a directory that is damaged");
    const std::string name(records.take(name_bytes));
    read_extra(records.take(extra_bytes), entry, head_at);
    records.skip(comment_bytes);

    check_method(name, flags, method, entry);
    entry.begin = behind_head(name, head_at);
    if (entry.begin > directory_begin || entry.packed > directory_begin - entry.begin)
      fail_entry(name, "runs into the directory: the file is cut off, or damaged");
    if (!entries_.emplace(name, entry).second) fail_entry(name, "comes twice");
    heads_.push_back({head_at, entry.begin + entry.packed});
  }

  /// Of the numbers that are all ones the larger ones stand in the extra field, in this order.
  static void read_extra(std::string_view extra, ZipEntry& entry, uint64_t& head_at) {
    Numbers fields(extra);
    while (fields.left() >= 4) {
      const uint64_t id = fields.next(2), size = fields.next(2);
      Numbers field(fields.take(size));
      if (id != kExtra64) continue;
      for (uint64_t* number : {&entry.size, &entry.packed, &head_at})
        if (*number == kIn64 && field.left() >= 8) *number = field.next(8);
    }
  }

  void check_method(const std::string& name, uint64_t flags, uint64_t method, ZipEntry& entry) const {
    if ((flags & kEncrypted) != 0) fail_entry(name, "is encrypted");
    if (method != kStored && method != kDeflated)
      throw Error(ErrorCode::unsupported, place_,
                  "has the entry '" + brief(name) + "' packed by method " + std::to_string(method) +
                      "; stored and deflated ones are read: save it with torch.save");
    entry.deflated = method == kDeflated;
    if (!entry.deflated && entry.packed != entry.size) fail_entry(name, "has two lengths");
  }

  /// Where the bytes of an entry begin.
  uint64_t behind_head(const std::string& name, uint64_t head_at) const {
    Numbers head(part(head_at, kHead, "the entry '" + brief(name) + "'"));
    if (head.next(4) != kHeadMark) fail_entry(name, "does not begin where the directory says");
    head.skip(kHead - 4 - 2 - 2);
    const uint64_t name_bytes = head.next(2), extra_bytes = head.next(2);
    if (part(head_at + kHead, name_bytes, "the entry '" + brief(name) + "'") != name)
      fail_entry(name, "has another name at its own place");
    return head_at + kHead + name_bytes + extra_bytes;
  }

  void check_overlaps(uint64_t directory_begin) {
    std::sort(heads_.begin(), heads_.end());
    uint64_t filled = 0;
    for (const auto& [begin, end] : heads_) {
      if (begin < filled) fail("has entries that overlap");
      filled = end;
    }
    if (filled > directory_begin) fail("has entries that overlap");
  }

  const std::string_view file_;
  const std::string& place_;
  std::map<std::string, ZipEntry> entries_;
  std::vector<std::pair<uint64_t, uint64_t>> heads_;  // begin of the head, end of the bytes
};

}  // namespace

std::map<std::string, ZipEntry> read_zip_directory(std::string_view file, const std::string& place) {
  return Reader(file, place).read();
}

}  // namespace alice
