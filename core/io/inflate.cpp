#include "core/io/inflate.h"

#include <zlib.h>

#include <algorithm>
#include <limits>

#include "core/base/error.h"

namespace alice {
namespace {

/// A packed byte gives 1,032 at most: deflate codes 258 bytes in two bits.
constexpr size_t kMostPerByte = 1032;

class Stream {
 public:
  Stream() { is_open_ = ::inflateInit2(&z, -MAX_WBITS) == Z_OK; }  // negative: without zlib's own head
  ~Stream() {
    if (is_open_) ::inflateEnd(&z);
  }
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;
  bool is_open() const { return is_open_; }

  z_stream z{};

 private:
  bool is_open_;
};

constexpr size_t kMostAtOnce = std::numeric_limits<uInt>::max();

}  // namespace

std::string inflate(std::string_view packed, size_t size, unsigned long crc32, const std::string& place) {
  const auto fail = [&](const char* what) {
    throw Error(ErrorCode::bad_weights, place, std::string("has a packed entry that ") + what + ": it is damaged");
  };
  if (size / kMostPerByte > packed.size()) fail("cannot hold as much as it says");
  Stream stream;
  if (!stream.is_open()) throw Error(ErrorCode::out_of_memory, place, "cannot be unpacked: there is no memory");
  std::string out(size, '\0');
  size_t read = 0, written = 0;
  for (int result = Z_OK; result != Z_STREAM_END;) {
    // zlib has no const; it only reads there.
    stream.z.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(packed.data() + read));
    stream.z.avail_in = static_cast<uInt>(std::min(packed.size() - read, kMostAtOnce));
    stream.z.next_out = reinterpret_cast<Bytef*>(out.data() + written);
    stream.z.avail_out = static_cast<uInt>(std::min(size - written, kMostAtOnce));
    const size_t in_before = stream.z.avail_in, out_before = stream.z.avail_out;
    result = ::inflate(&stream.z, Z_NO_FLUSH);
    read += in_before - stream.z.avail_in;
    written += out_before - stream.z.avail_out;
    if (result != Z_OK && result != Z_STREAM_END) fail("does not unpack to what it says");
  }
  if (written != size || read != packed.size()) fail("does not unpack to what it says");
  if (::crc32_z(0, reinterpret_cast<const Bytef*>(out.data()), out.size()) != crc32) fail("has another checksum");
  return out;
}

}  // namespace alice
