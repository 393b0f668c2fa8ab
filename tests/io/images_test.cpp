#include "core/io/images.h"

#include <array>

#include "tests/support/errors.h"
#include "tests/support/temp_folder.h"

using namespace alice;
using namespace alice::test;

namespace {

/// uint8 [height, width, 3], every value different from its neighbours.
Tensor pattern(int64_t height, int64_t width) {
  return at::arange(height * width * 3).mul(37).remainder(251).to(at::kByte).reshape({height, width, 3});
}

/// PNG's checksum (ISO 3309, polynomial 0xEDB88320), bit by bit.
uint32_t crc_of(const std::string& bytes) {
  uint32_t crc = 0xFFFFFFFF;
  for (const char c : bytes) {
    crc ^= static_cast<unsigned char>(c);
    for (int bit = 0; bit < 8; ++bit) crc = crc >> 1 ^ (crc & 1 ? 0xEDB88320 : 0);
  }
  return ~crc;
}

std::string big_endian(uint32_t n) {
  return {static_cast<char>(n >> 24), static_cast<char>(n >> 16 & 0xff), static_cast<char>(n >> 8 & 0xff),
          static_cast<char>(n & 0xff)};
}

std::string chunk(const std::string& type, const std::string& data) {
  return big_endian(static_cast<uint32_t>(data.size())) + type + data + big_endian(crc_of(type + data));
}

/// The types of a PNG's chunks, in their order.
std::vector<std::string> chunk_types(const std::string& png) {
  std::vector<std::string> types;
  for (size_t at = 8; at + 8 <= png.size();) {
    uint32_t size = 0;
    for (size_t i = 0; i < 4; ++i) size = size << 8 | static_cast<unsigned char>(png[at + i]);
    types.push_back(png.substr(at + 4, 4));
    at += 12 + size;
  }
  return types;
}

}  // namespace

TEST_CASE("pixels become bytes as the reference rounds them") {
  // (x / 2 + 0.5) * 255 is 127.5 for 0, and 0.5, 1.5, 2.5 for the next three: halves go to the even neighbour.
  const std::vector<float> x = {-1, 1, 0, -2, 2, 1.0f / 255 - 1, 3.0f / 255 - 1, 5.0f / 255 - 1};
  const Tensor pixels = at::tensor(x).reshape({1, 1, 8}).expand({3, 1, 8});
  const Tensor bytes = to_bytes(pixels);
  CHECK(bytes.sizes().vec() == std::vector<int64_t>{1, 8, 3});
  const auto value = [&](int64_t i) { return bytes[0][i][0].item<int64_t>(); };
  CHECK(value(0) == 0);
  CHECK(value(1) == 255);
  CHECK(value(2) == 128);
  CHECK(value(3) == 0);
  CHECK(value(4) == 255);
  for (int64_t i = 5; i < 8; ++i) {
    // The same arithmetic in float32, one number at a time.
    const float scaled = (x[static_cast<size_t>(i)] / 2 + 0.5f) * 255;
    CHECK(value(i) == static_cast<int64_t>(std::nearbyint(scaled)));
  }
}

TEST_CASE("channels go last, and a batch stays a batch") {
  const Tensor pixels = at::full({2, 3, 4, 5}, -1.0);
  pixels.select(1, 1).fill_(1);
  const Tensor bytes = to_bytes(pixels);
  CHECK(bytes.sizes().vec() == std::vector<int64_t>{2, 4, 5, 3});
  CHECK(bytes.is_contiguous());
  CHECK(bytes.select(3, 0).max().item<int64_t>() == 0);
  CHECK(bytes.select(3, 1).min().item<int64_t>() == 255);
}

TEST_CASE("a picture with numbers that are not finite is an error") {
  for (const double bad : {std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity()}) {
    Tensor pixels = at::zeros({3, 2, 2});
    pixels[1][1][0] = bad;
    CHECK(error_of([&] { to_bytes(pixels); }).code() == ErrorCode::internal);
  }
}

TEST_CASE("a written picture reads back the same, with its words") {
  const TempFolder folder;
  const Png png = {
      pattern(5, 7),
      {{"parameters", "a cat\nSteps: 20, caf\u00e9"}, {"alice", "{\"prompt\":\"\u20ac \U0001F600\"}"}, {"empty", ""}}};
  write_png(folder / "x.png", png);
  const Png read = read_png(folder / "x.png");
  CHECK(at::equal(read.image, png.image));
  REQUIRE(read.texts.size() == 3);
  for (size_t i = 0; i < 3; ++i) {
    CHECK(read.texts[i].keyword == png.texts[i].keyword);
    CHECK(read.texts[i].text == png.texts[i].text);
  }
  // Latin-1 words in tEXt, which every reader knows; others in iTXt; both before the pixels.
  CHECK(chunk_types(bytes_of(folder / "x.png")) ==
        std::vector<std::string>{"IHDR", "tEXt", "iTXt", "tEXt", "IDAT", "IEND"});
}

TEST_CASE("Latin-1 words are stored one byte a character") {
  CHECK(says(encode_png({pattern(1, 1), {{"k", "caf\u00e9"}}}), std::string("k\0caf\xE9", 6)));
}

TEST_CASE("words that PNG cannot hold lose only what it cannot hold") {
  const Png read = decode_png(encode_png({pattern(1, 1), {{"k", std::string("a\0b\xff", 4)}, {"c", "a\x01z"}}}), "x");
  CHECK(read.texts[0].text == "a\uFFFDb\uFFFD");
  CHECK(read.texts[1].text == "a\x01z");
}

TEST_CASE("the same picture gives the same bytes, from any layout") {
  const Tensor turned = pattern(7, 5).transpose(0, 1);
  CHECK(encode_png({turned, {}}) == encode_png({turned.contiguous(), {}}));
}

TEST_CASE("what is no picture, and what is no keyword, is an error") {
  for (const Tensor& image : {at::zeros({2, 2, 3}), at::zeros({2, 2, 4}, at::kByte), at::zeros({2, 2}, at::kByte),
                              at::zeros({0, 2, 3}, at::kByte)})
    CHECK(error_of([&] { encode_png({image, {}}); }).code() == ErrorCode::internal);
  for (const char* keyword : {"", "a b", "\u00e9", "line\nfeed"})
    CHECK(error_of([&] { encode_png({pattern(1, 1), {{keyword, "x"}}}); }).code() == ErrorCode::internal);
  CHECK(error_of([&] { encode_png({pattern(1, 1), {{std::string(80, 'k'), "x"}}}); }).code() == ErrorCode::internal);
  CHECK_NOTHROW(encode_png({pattern(1, 1), {{std::string(79, 'k'), "x"}}}));
}

TEST_CASE("a picture that cannot be written is an error and leaves nothing") {
  const TempFolder folder;
  CHECK(error_of([&] { write_png(folder / "none/x.png", {pattern(1, 1), {}}); }).code() == ErrorCode::not_found);
  CHECK(std::filesystem::is_empty(folder.path()));
}

TEST_CASE("greys, palettes, depths and transparency all become RGB") {
  // One row of two pixels, written by hand; the pixel data is a stored (not compressed) zlib stream.
  const auto png = [](int depth, int colour, const std::string& row, const std::string& more = "") {
    const std::string raw = '\0' + row;
    uint32_t a = 1, b = 0;  // Adler-32 (RFC 1950)
    for (const char c : raw) a = (a + static_cast<unsigned char>(c)) % 65521, b = (b + a) % 65521;
    const auto size = static_cast<uint16_t>(raw.size());
    const auto little = [](uint16_t n) { return std::string{static_cast<char>(n & 0xff), static_cast<char>(n >> 8)}; };
    const std::string stream =
        "\x78\x01\x01" + little(size) + little(static_cast<uint16_t>(~size)) + raw + big_endian(b << 16 | a);
    std::string header = big_endian(2) + big_endian(1);
    header += std::string{static_cast<char>(depth), static_cast<char>(colour), 0, 0, 0};
    return "\x89PNG\r\n\x1a\n" + chunk("IHDR", header) + more + chunk("IDAT", stream) + chunk("IEND", "");
  };
  const auto values = [](const std::string& bytes) {
    const Tensor image = decode_png(bytes, "x").image;
    REQUIRE(image.sizes().vec() == std::vector<int64_t>{1, 2, 3});
    std::array<int, 6> out{};
    for (size_t i = 0; i < 6; ++i) out[i] = image.data_ptr<uint8_t>()[i];
    return out;
  };
  using Values = std::array<int, 6>;
  CHECK(values(png(8, 0, "\x10\x20")) == Values{16, 16, 16, 32, 32, 32});  // grey
  CHECK(values(png(1, 0, "\x40")) == Values{0, 0, 0, 255, 255, 255});      // grey, 1 bit
  CHECK(values(png(8, 3, std::string("\1\0", 2), chunk("PLTE", "\1\2\3\4\5\6"))) ==
        Values{4, 5, 6, 1, 2, 3});                                                          // palette
  CHECK(values(png(8, 4, "\x10\x80\x20\xff")) == Values{16, 16, 16, 32, 32, 32});           // grey and alpha
  CHECK(values(png(8, 6, "\1\2\3\x80\4\5\6\x01")) == Values{1, 2, 3, 4, 5, 6});             // RGBA
  CHECK(values(png(16, 2, "\1\xff\2\xff\3\xff\4\1\5\1\6\1")) == Values{1, 2, 3, 4, 5, 6});  // 16 bits
}

TEST_CASE("pictures beyond the limits are refused before they are unpacked") {
  const TempFolder folder;
  write_png(folder / "x.png", {pattern(40, 30), {{"k", std::string(5000, 'x')}}});
  PngLimits limits;
  limits.side = 35;
  CHECK(error_of([&] { read_png(folder / "x.png", limits); }).code() == ErrorCode::bad_request);
  limits = {};
  limits.pixels = 40 * 30 - 1;
  CHECK(says(error_of([&] { read_png(folder / "x.png", limits); }).sentence(), "30 x 40"));
  limits = {};
  limits.file_bytes = 100;
  CHECK(says(error_of([&] { read_png(folder / "x.png", limits); }).sentence(), "at most 100"));
}

TEST_CASE("a file that promises more than its bytes can hold is refused before memory is set aside for it") {
  const std::string begin = "\x89PNG\r\n\x1a\n" + chunk("IHDR", big_endian(5) + big_endian(4) +
                                                                     std::string("\x08\x02\0\0\0", 5));
  // 8 to 11 bytes behind the last whole chunk are a length and a type: libpng would set aside what they promise.
  for (size_t rest = 1; rest < 12; ++rest) {
    const std::string tail = (big_endian(0x7ffffff0) + "tEXtabc").substr(0, rest);
    const Error error = error_of([&] { decode_png(begin + tail, "x"); });
    CHECK(error.code() == ErrorCode::bad_request);
    CHECK(says(error.sentence(), "no whole PNG"));
  }
  const std::string wide = "\x89PNG\r\n\x1a\n" + chunk("IHDR", big_endian(8192) + big_endian(8192) +
                                                                    std::string("\x08\x02\0\0\0", 5));
  const std::string end = chunk("IDAT", std::string(1000, 'x')) + chunk("IEND", "");
  CHECK(says(error_of([&] { decode_png(wide + end, "x"); }).sentence(), "cannot hold"));
  std::string texts;
  for (int i = 0; i < 33; ++i) texts += chunk("tEXt", std::string("k\0x", 3));
  CHECK(says(error_of([&] { decode_png(begin + texts + end, "x"); }).sentence(), "33 chunks of text"));
}

TEST_CASE("a header that promises a huge picture is refused") {
  const std::string header = big_endian(0x7fffffff) + big_endian(0x7fffffff) + std::string("\x08\x02\0\0\0", 5);
  CHECK(error_of([&] { decode_png("\x89PNG\r\n\x1a\n" + chunk("IHDR", header), "x"); }).code() ==
        ErrorCode::bad_request);
}

TEST_CASE("a file that is not there, and one that is no PNG, are told apart") {
  const TempFolder folder;
  CHECK(error_of([&] { read_png(folder / "none.png"); }).code() == ErrorCode::not_found);
  CHECK(error_of([&] { read_png(folder.path()); }).code() == ErrorCode::bad_request);
  const Error error = error_of([&] { read_png(folder.write("x.png", "no picture")); });
  CHECK(error.code() == ErrorCode::bad_request);
  CHECK(says(error.place(), "x.png"));
}
