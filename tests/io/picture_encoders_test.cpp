#include "core/io/picture_encoders.h"

#include "core/io/exif.h"
#include "core/io/pictures.h"
#include "tests/support/errors.h"

using namespace alice;
using namespace alice::test;

namespace {

/// uint8 [height, width, 3]: waves, which every format keeps well.
Tensor waves(int64_t height, int64_t width) {
  const Tensor y = at::arange(height).to(at::kFloat).unsqueeze(1), x = at::arange(width).to(at::kFloat);
  std::vector<Tensor> channels;
  for (int c = 0; c < 3; ++c) channels.push_back(at::sin(x / 9 + c) * at::cos(y / (7 + c)) * 110 + 128);
  return at::stack(channels, 2).round().to(at::kByte);
}

double mean_difference(const Tensor& a, const Tensor& b) {
  return (a.to(at::kFloat) - b.to(at::kFloat)).abs().mean().item<double>();
}

const ExifWords kWords = {"a cat, caf\u00e9 \u20ac \U0001F600\nSteps: 20", "{\"prompt\":\"\u20ac\"}"};

}  // namespace

TEST_CASE("JPEG and WebP are read back, near what they were, with their words; the same input gives the same bytes") {
  const Tensor image = waves(45, 67);
  const std::string exif = write_exif(kWords);
  for (const auto encode : {encode_jpeg, encode_webp}) {
    const std::string good = encode(image, 95, exif), poor = encode(image, 20, exif);
    CHECK(encode(image.transpose(0, 1).contiguous().transpose(0, 1), 95, exif) == good);
    CHECK(poor.size() < good.size());
    const Picture read = read_picture(good, "x");
    REQUIRE(read.rgb.sizes() == image.sizes());
    CHECK_FALSE(read.alpha.defined());
    CHECK(mean_difference(read.rgb, image) < 2);
    CHECK(mean_difference(read.rgb, image) < mean_difference(read_picture(poor, "x").rgb, image));
    const ExifWords words = read_exif_words(picture_exif(good));
    CHECK(words.comment == kWords.comment);
    CHECK(words.note == kWords.note);
    const std::string plain = encode(image, 95, "");
    CHECK(picture_exif(plain).empty());
    CHECK(at::equal(read_picture(plain, "x").rgb, read.rgb));
  }
}

TEST_CASE("what no file can hold is an error") {
  for (const auto encode : {encode_jpeg, encode_webp})
    for (const Tensor& image : {at::zeros({2, 2, 3}), at::zeros({2, 2, 4}, at::kByte), at::zeros({0, 2, 3}, at::kByte)})
      CHECK(error_of([&] { encode(image, 90, ""); }).code() == ErrorCode::internal);
  const Tensor image = waves(2, 2);
  CHECK_NOTHROW(encode_jpeg(image, 90, std::string(kMostJpegExif, 'x')));
  CHECK(says(error_of([&] { encode_jpeg(image, 90, std::string(kMostJpegExif + 1, 'x')); }).sentence(), "no room"));
  CHECK(says(error_of([&] { encode_webp(at::zeros({1, 16384, 3}, at::kByte), 90, ""); }).sentence(), "16384 x 1"));
}

TEST_CASE("words of EXIF: other programs' orders and letters are read, nonsense is as none") {
  const std::string exif = write_exif(kWords);
  for (size_t size = 0; size < exif.size(); ++size) {
    const ExifWords cut = read_exif_words(exif.substr(0, size));
    CHECK(cut.comment.empty());
  }
  std::string mutant = exif;
  for (size_t at = 0; at < exif.size(); ++at)
    for (const int value : {0, 1, 0x7f, 0xff}) {
      mutant = exif;
      mutant[at] = static_cast<char>(value);
      read_exif_words(mutant);
      exif_orientation(mutant);
    }
  const auto with_comment = [&](const std::string& bytes) {  // in place of the last tag's, which lies at the end
    std::string other = write_exif({std::string((bytes.size() - 8) / 2, 'x'), ""});
    return read_exif_words(other.substr(0, other.size() - bytes.size()) + bytes).comment;
  };
  CHECK(with_comment(std::string("UNICODE\0a\0b\0", 12)) == "ab");   // the lesser byte first
  CHECK(with_comment(std::string("UNICODE\0\0a\0b", 12)) == "ab");
  CHECK(with_comment(std::string("ASCII\0\0\0a cat!", 14)) == "a cat!");
  CHECK(with_comment(std::string("UNICODE\0\xd8\x3d\0b", 12)) == "\uFFFDb");  // half a character
  CHECK(read_exif_words("").empty());
}
