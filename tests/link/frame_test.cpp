#include "server/link/frame.h"

#include <cstdint>
#include <random>
#include <vector>

#include "tests/support/errors.h"

using namespace alice;
using namespace alice::test;

namespace {

std::string head(uint32_t length) {
  std::string bytes;
  for (int shift = 0; shift < 32; shift += 8) bytes += static_cast<char>(length >> shift & 0xff);
  return bytes;
}

void add(FrameReader& reader, const std::string& bytes) { reader.add(bytes.data(), bytes.size()); }

}  // namespace

TEST_CASE("a frame is four bytes of length, little-endian, and the payload") {
  CHECK(frame("abc") == std::string("\x03\0\0\0abc", 7));
  CHECK(frame("") == std::string(4, '\0'));
  CHECK(frame(std::string(258, 'x')).substr(0, 4) == std::string("\x02\x01\0\0", 4));
}

TEST_CASE("frames that are cut anywhere come out whole") {
  const std::vector<std::string> payloads = {"first", "", std::string(300, 'x'), std::string("\0\xff", 2)};
  std::string stream;
  for (const std::string& payload : payloads) stream += frame(payload);
  for (size_t cut = 0; cut <= stream.size(); ++cut) {
    FrameReader reader;
    std::vector<std::string> got;
    for (const std::string& part : {stream.substr(0, cut), stream.substr(cut)}) {
      add(reader, part);
      while (auto payload = reader.next()) got.push_back(*payload);
    }
    REQUIRE(got == payloads);
    REQUIRE_FALSE(reader.next().has_value());
  }
}

TEST_CASE("frames that come byte by byte come out whole, as soon as their last byte is there") {
  const std::string stream = frame("one") + frame("") + frame("three");
  FrameReader reader;
  std::vector<size_t> complete_at;
  for (size_t i = 0; i < stream.size(); ++i) {
    reader.add(&stream[i], 1);
    while (reader.next()) complete_at.push_back(i + 1);
  }
  CHECK(complete_at == std::vector<size_t>{7, 11, 20});
}

TEST_CASE("a length beyond the largest payload is refused when it is read, before any payload comes") {
  for (const uint32_t length : {static_cast<uint32_t>(kLargestPayload) + 1, 0x7fffffffu, 0x80000000u, 0xffffffffu}) {
    FrameReader reader;
    add(reader, head(length));
    const Error error = error_of([&] { reader.next(); });
    CHECK(error.code() == ErrorCode::internal);
    CHECK(says(error.sentence(), std::to_string(length)));
  }
  FrameReader reader;
  add(reader, head(static_cast<uint32_t>(kLargestPayload)));
  CHECK_FALSE(reader.next().has_value());
}

TEST_CASE("a payload that is too large is not framed") {
  CHECK(error_of([] { frame(std::string(kLargestPayload + 1, ' ')); }).code() == ErrorCode::internal);
}

TEST_CASE("any bytes are frames, a wait for more, or an error") {
  std::mt19937 random(5);
  for (int turn = 0; turn < 20000; ++turn) {
    std::string bytes(random() % 40, '\0');
    for (char& byte : bytes) byte = static_cast<char>(random() % 4 == 0 ? random() : 0);
    FrameReader reader;
    add(reader, bytes);
    try {
      size_t taken = 0;
      while (const auto payload = reader.next()) taken += 4 + payload->size();
      REQUIRE(taken <= bytes.size());
    } catch (const Error& error) {
      REQUIRE(error.code() == ErrorCode::internal);
    }
  }
}
