#include "core/io/pictures.h"

#include <ctime>
#include <set>

#include "core/io/exif.h"
#include "core/io/images.h"
#include "tests/support/added_memory.h"
#include "tests/support/errors.h"
#include "tests/support/temp_folder.h"

using namespace alice;
using namespace alice::test;
namespace fs = std::filesystem;

namespace {

const fs::path kPictures = fs::path(ALICE_TEST_DATA) / "pictures";

std::string file(const std::string& name) { return bytes_of(kPictures / name); }

/// All files of the folder but its folders; made by tools/goldens/pictures.py.
std::set<std::string> names_in(const fs::path& folder) {
  std::set<std::string> names;
  for (const auto& entry : fs::directory_iterator(folder))
    if (entry.is_regular_file()) names.insert(entry.path().filename().string());
  return names;
}

std::string refusal_of(const std::string& bytes, const PictureLimits& limits = {}) {
  const Error error = error_of([&] { read_picture(bytes, "/image", limits); });
  CHECK(error.code() == ErrorCode::bad_request);
  CHECK(error.place() == "/image");
  return error.sentence();
}

void refuse_at_once(const std::string& bytes, const std::string& sentence) {
  const std::clock_t begin = std::clock();
  const std::string said = refusal_of(bytes);
  const std::clock_t end = std::clock();
  INFO(said);
  CHECK(says(said, sentence));
  CHECK(end - begin < CLOCKS_PER_SEC / 10);
  const auto again = [&bytes] { error_of([&bytes] { read_picture(bytes, "/image"); }); };
  CHECK(added_memory(again) < 100 << 20);
}

std::string big_endian(size_t n, size_t size) {
  std::string bytes;
  while (size-- > 0) bytes += static_cast<char>(n >> 8 * size & 0xff);
  return bytes;
}

/// Where the frame of a JPEG says height and width, two bytes each.
size_t frame_size_at(const std::string& jpeg) {
  for (const char* frame : {"\xff\xc0", "\xff\xc2"})
    if (const size_t at = jpeg.find(frame); at != std::string::npos) return at + 5;
  FAIL("a JPEG without a frame");
  return 0;
}

}  // namespace

TEST_CASE("every picture is to the bit what Pillow sees: depths, palettes, colours, inks, profiles, all turns") {
  for (const std::string& name : names_in(kPictures)) {
    INFO(name);
    const Picture picture = read_picture(file(name), name);
    CHECK(picture.warnings.empty());
    const Tensor expected = read_png(kPictures / "expected" / (name + ".png")).image;
    REQUIRE(picture.rgb.sizes() == expected.sizes());
    CHECK(picture.rgb.is_contiguous());
    CHECK(at::equal(picture.rgb, expected));
    const fs::path alpha = kPictures / "expected" / (name + ".alpha.png");
    REQUIRE(picture.alpha.defined() == fs::exists(alpha));
    if (picture.alpha.defined()) CHECK(at::equal(picture.alpha, read_png(alpha).image.select(2, 0)));
  }
}

TEST_CASE("a picture whose every pixel is opaque has no alpha") {
  CHECK_FALSE(read_picture(file("rgb.png"), "x").alpha.defined());
  CHECK_FALSE(read_picture(encode_png({at::zeros({2, 2, 3}, at::kByte), {}}), "x").alpha.defined());
}

TEST_CASE("a colour profile that cannot be used is passed over with a warning") {
  std::string broken = file("profile.jpg");
  const size_t at = broken.find("acsp");
  REQUIRE(at != std::string::npos);
  broken.replace(at, 4, "none");
  const Picture picture = read_picture(broken, "x");
  REQUIRE(picture.warnings.size() == 1);
  CHECK(says(picture.warnings[0], "colour profile"));

  std::string foreign = file("profile.jpg");  // its pixels are no greys
  foreign.replace(foreign.find("RGB XYZ"), 4, "GRAY");
  const Picture others = read_picture(foreign, "x");
  REQUIRE(others.warnings.size() == 1);
  CHECK(says(others.warnings[0], "another kind"));
}

TEST_CASE("what is no picture that is read is called by its name") {
  const auto refused = [](const std::string& name) { return refusal_of(file("refused/" + name)); };
  CHECK(says(refused("picture.gif"), "is a GIF; PNG, JPEG and WebP"));
  CHECK(says(refused("picture.bmp"), "is a BMP"));
  CHECK(says(refused("picture.tiff"), "is a TIFF"));
  CHECK(says(refused("animated.png"), "is an animated PNG"));
  CHECK(says(refused("animated.webp"), "is an animated WebP"));
  CHECK(says(refusal_of(""), "is empty"));
  CHECK(says(refusal_of("<svg xmlns"), "is an SVG"));
  CHECK(says(refusal_of("no picture"), "is no picture; PNG, JPEG and WebP"));
}

TEST_CASE("a file that is cut, and one that says another size than it holds, is refused") {
  for (const char* name : {"rgb.png", "half-colours.jpg", "progressive.jpg", "lossy.webp", "lossless.webp"}) {
    INFO(name);
    const std::string whole = file(name);
    for (const size_t size : {whole.size() - 1, whole.size() / 2, size_t{40}}) refusal_of(whole.substr(0, size));
  }
  std::string jpeg = file("half-colours.jpg");
  jpeg.replace(frame_size_at(jpeg), 4, big_endian(16000, 2) + big_endian(2000, 2));
  CHECK(says(refusal_of(jpeg), "cannot hold 2000 x 16000 pixels"));
  jpeg.replace(frame_size_at(jpeg), 4, big_endian(200, 2) + big_endian(300, 2));  // might be held, and is not
  CHECK(says(refusal_of(jpeg), "is a damaged JPEG"));
}

TEST_CASE("what stands behind a JPEG's end is not looked at") {
  CHECK_NOTHROW(read_picture(file("grey.jpg") + "a maker's notes", "x"));
}

TEST_CASE("memory is measured that was there for a moment only") {
  constexpr int64_t size = 120 << 20;
  const int64_t added = added_memory([] { std::string(size, 'x').find('y'); });
  CHECK(added >= size);
  CHECK(added < size + (20 << 20));
}

TEST_CASE("hostile pictures are refused in less than 100 ms of a processor's time and 100 MB") {
  std::string jpeg = file("half-colours.jpg");
  jpeg.replace(frame_size_at(jpeg), 4, big_endian(65535, 2) + big_endian(65535, 2));
  refuse_at_once(jpeg + std::string(20 << 20, '\0'), "65535 x 65535 pixels; at most 16384 a side");

  const std::string progressive = file("progressive.jpg");  // a scan again and again
  const size_t last = progressive.rfind("\xff\xda");
  std::string scans = progressive.substr(0, last);
  for (int i = 0; i < 10000; ++i) scans += progressive.substr(last, progressive.size() - 2 - last);
  refuse_at_once(scans + "\xff\xd9", "scans; at most 100");

  std::string webp = file("lossless.webp");  // 14 bits each of width and height, less one, behind the byte 0x2f
  const size_t at = webp.find("VP8L") + 9;
  webp.replace(at, 3, "\xff\xff\xff");
  webp[at + 3] = static_cast<char>(webp[at + 3] | 0x0f);
  refuse_at_once(webp, "16384 x 16384 pixels; at most 33554432 in all");

  std::string png = file("rgb.png");
  png.replace(16, 8, big_endian(20000, 4) + big_endian(20000, 4));
  refuse_at_once(png, "20000 x 20000 pixels; at most 16384 a side");
  png.replace(16, 8, big_endian(10000, 4) + big_endian(10000, 4));
  refuse_at_once(png, "at most 33554432 in all");

  refuse_at_once(std::string("\x89PNG\r\n\x1a\n") + std::string(33 << 20, '\0'), "bytes; at most 33554432");
}

TEST_CASE("so are those that promise as much as is read and do not hold it, and what is cut or of another kind") {
  std::string png = file("rgb.png");
  png.replace(16, 8, big_endian(5792, 4) + big_endian(5792, 4));
  png.replace(29, 4, "\x46\xe0\x57\x06");  // the checksum of that
  refuse_at_once(png, "cannot hold 5792 x 5792 pixels");

  std::string jpeg = file("half-colours.jpg");
  jpeg.replace(frame_size_at(jpeg), 4, big_endian(5792, 2) + big_endian(5792, 2));
  refuse_at_once(jpeg, "cannot hold 5792 x 5792 pixels");

  std::string webp = file("lossless.webp");
  const size_t at = webp.find("VP8L") + 9;
  webp.replace(at, 3, "\x9f\xd6\xa7");
  webp[at + 3] = static_cast<char>((webp[at + 3] & 0xf0) | 0x05);
  refuse_at_once(webp, "is a damaged WebP");

  for (const char* name : {"picture.gif", "picture.bmp", "picture.tiff", "animated.png", "animated.webp"})
    refuse_at_once(file(std::string("refused/") + name), "is a");
  for (const char* name : {"rgb.png", "half-colours.jpg", "progressive.jpg", "lossy.webp", "lossless.webp"})
    refuse_at_once(file(name).substr(0, file(name).size() / 2), "is no whole");
}

TEST_CASE("limits are the caller's") {
  PictureLimits limits;
  limits.side = 36;
  CHECK(says(refusal_of(file("rgb.png"), limits), "is 37 x 21 pixels; at most 36 a side"));
  limits = {};
  limits.pixels = 37 * 21 - 1;
  for (const char* name : {"rgb.png", "grey.jpg", "lossy.webp"})
    CHECK(says(refusal_of(file(name), limits), "at most 776 in all"));
  limits = {};
  limits.file_bytes = 100;
  CHECK(says(refusal_of(file("rgb.png"), limits), "at most 100 are read"));
  limits = {};
  limits.scans = 2;
  CHECK(says(refusal_of(file("progressive.jpg"), limits), "at most 2 are read"));
  limits = {};
  limits.profile_bytes = 64;
  for (const char* name : {"profile.jpg", "profile.webp"})
    CHECK(says(refusal_of(file(name), limits), "has a colour profile of"));
}

TEST_CASE("an EXIF that says nonsense is as none") {
  const std::string little = std::string("II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0", 22);
  CHECK(exif_orientation(little) == 6);
  CHECK(exif_orientation(std::string("Exif\0\0", 6) + little) == 6);
  CHECK(exif_orientation(std::string("MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x08\0\0", 22)) == 8);
  for (size_t size = 0; size < 19; ++size) CHECK(exif_orientation(little.substr(0, size)) == 1);
  for (const char value : {'\0', '\x09', '\xff'}) {
    std::string other = little;
    other[18] = value;
    CHECK(exif_orientation(other) == 1);
  }
  std::string far = little;
  far.replace(4, 4, "\xff\xff\xff\xff");
  CHECK(exif_orientation(far) == 1);
}
