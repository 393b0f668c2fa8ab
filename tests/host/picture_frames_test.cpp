// Where pictures lie in what is drawn, their masks, and what is put back: without a network.

#include "core/host/make/frames.h"
#include "core/host/make/pictures.h"
#include "core/host/settings.h"
#include "tests/support/errors.h"

using namespace alice;
using namespace alice::test;

namespace {

/// No two neighbours alike.
Tensor gradient(int64_t height, int64_t width) {
  const Tensor y = at::arange(height).view({height, 1, 1}) * 5, x = at::arange(width).view({1, width, 1}) * 3;
  return (y + x + at::arange(3).view({1, 1, 3}) * 40).remainder(256).to(at::kByte).contiguous();
}

Tensor grey(const Tensor& map) { return map.unsqueeze(2).expand({-1, -1, 3}).contiguous(); }

/// White in [top, bottom) and [left, right).
Tensor rectangle(int64_t height, int64_t width, const Box& box) {
  Tensor map = at::zeros({height, width}, at::kByte);
  map.narrow(0, box.top, box.height()).narrow(1, box.left, box.width()).fill_(255);
  return map;
}

Settings settings_with(const Tensor& picture, const Tensor& mask, int64_t width, int64_t height) {
  Settings settings;
  settings.inputs.image.rgb = picture;
  settings.request.image = PictureInput{std::string(64, 'a')};
  if (mask.defined()) {
    settings.inputs.mask.rgb = grey(mask);
    settings.request.mask = PictureInput{std::string(64, 'b')};
  }
  settings.width = width, settings.height = height;
  settings.request.paste_back = true;
  return settings;
}

Pictures read(const Settings& settings) {
  std::vector<std::string> warnings;
  const Pictures pictures = read_pictures(settings, warnings);
  CHECK(warnings.empty());
  return pictures;
}

}  // namespace

TEST_CASE("what is around a mask is of the shape that is drawn, and lies within the picture") {
  CHECK(surroundings({100, 100, 228, 132}, 0, {512, 512}, {512, 512}) == Box{100, 52, 228, 180});
  CHECK(surroundings({0, 0, 10, 10}, 4, {512, 512}, {100, 100}) == Box{0, 0, 14, 14});
  CHECK(surroundings({90, 40, 100, 44}, 0, {64, 64}, {100, 100}) == Box{90, 37, 100, 47});
  CHECK(surroundings({0, 40, 100, 44}, 0, {64, 64}, {100, 50}) == Box{0, 0, 100, 50});  // there is no more room
}

TEST_CASE("a picture is stretched, covers what is drawn, or lies within it") {
  const Box whole = {0, 0, 200, 100};
  const Frame stretched = frame_of(whole, {64, 64}, Resize::stretch);
  CHECK(std::vector<int64_t>{stretched.scaled_width, stretched.scaled_height, stretched.left, stretched.top} ==
        std::vector<int64_t>{64, 64, 0, 0});
  const Frame covering = frame_of(whole, {64, 64}, Resize::crop);
  CHECK(std::vector<int64_t>{covering.scaled_width, covering.scaled_height, covering.left, covering.top} ==
        std::vector<int64_t>{128, 64, -32, 0});
  const Frame within = frame_of(whole, {64, 64}, Resize::fill);
  CHECK(std::vector<int64_t>{within.scaled_width, within.scaled_height, within.left, within.top} ==
        std::vector<int64_t>{64, 32, 0, 16});
}

TEST_CASE("a picture of the right size is taken as it is, and its pixels are a VAE's") {
  const Tensor picture = gradient(16, 24);
  const Pictures pictures = read(settings_with(picture, {}, 24, 16));
  CHECK(pictures.original.equal(picture));
  CHECK_FALSE(pictures.mask.defined());
  const Tensor pixels = pixels_of(pictures).content;
  CHECK(pixels.sizes().vec() == std::vector<int64_t>{1, 3, 16, 24});
  CHECK((pixels[0][1][2][3].item<double>() + 1) / 2 == Approx(picture[2][3][1].item<double>() / 255));
}

TEST_CASE("what the mask leaves alone comes back to the bit, and what it covers is as it was drawn") {
  const Tensor picture = gradient(32, 32), drawn = gradient(32, 32).bitwise_xor(255);
  Settings settings = settings_with(picture, rectangle(32, 32, {8, 8, 16, 24}), 32, 32);
  Pictures pictures = read(settings);
  const Tensor hard = paste_back(pictures, settings.request, drawn);
  const Tensor covered = pictures.mask.eq(255).unsqueeze(2).expand_as(drawn);
  CHECK(hard.equal(at::where(covered, drawn, picture)));

  settings.request.mask_blur = 2;
  pictures = read(settings);
  const Tensor soft = paste_back(pictures, settings.request, drawn);
  const Tensor untouched = pictures.mask.eq(0).unsqueeze(2).expand_as(drawn);
  const Tensor anew = to_latent_mask(pictures.mask, 1)[0][0].gt(0.5).unsqueeze(2).expand_as(drawn);
  CHECK(untouched.sum().item<int64_t>() > 1000);
  CHECK(soft.masked_select(untouched).equal(picture.masked_select(untouched)));
  CHECK(soft.masked_select(anew).equal(drawn.masked_select(anew)));
  CHECK_FALSE(soft.equal(hard));

  settings.request.paste_back = false;
  CHECK(paste_back(pictures, settings.request, drawn).equal(drawn));
}

TEST_CASE("with only_masked a part is drawn at the full size, and the whole picture comes back") {
  const Tensor picture = gradient(50, 70);
  Settings settings = settings_with(picture, rectangle(50, 70, {20, 10, 30, 20}), 32, 32);
  settings.request.only_masked = true;
  settings.request.only_masked_padding = 3;
  const Pictures pictures = read(settings);
  CHECK(pictures.frame.part == Box{17, 7, 33, 23});
  CHECK(pictures.original.sizes().vec() == std::vector<int64_t>{32, 32, 3});
  const Tensor result = paste_back(pictures, settings.request, at::full({32, 32, 3}, 7, at::kByte));
  CHECK(result.sizes().vec() == picture.sizes().vec());
  const Tensor covered = pictures.canvas_mask.eq(255).unsqueeze(2).expand_as(picture);
  CHECK(result.equal(at::where(covered, at::full_like(picture, 7), picture)));
  CHECK(covered.sum().item<int64_t>() == 3 * 100);
  // Drawn at another shape than there is room for: the part lies within, and comes back at its place.
  settings.width = 64;
  const Pictures wide = read(settings);
  CHECK(paste_back(wide, settings.request, wide.original).sub(picture).to(at::kInt).abs().ge(1).sum().item<int64_t>() <
        3 * 100);
}

TEST_CASE("a picture is extended by what is made anew, in the colours of its edges") {
  const Tensor picture = gradient(16, 16);
  Settings settings = settings_with(picture, {}, 32, 24);
  settings.request.extend_left = 12, settings.request.extend_right = 4, settings.request.extend_bottom = 8;
  const Pictures pictures = read(settings);
  CHECK(pictures.original.narrow(0, 0, 16).narrow(1, 12, 16).equal(picture));
  CHECK(pictures.original[0][0].equal(picture[0][0]));
  CHECK(pictures.original[23][31].equal(picture[15][15]));
  CHECK(pictures.mask.eq(0).sum().item<int64_t>() == 16 * 16);
  CHECK(pictures.mask.narrow(0, 0, 16).narrow(1, 12, 16).max().item<int64_t>() == 0);
}

TEST_CASE("a mask is told by white or by transparency, and may be turned round") {
  const Tensor box = rectangle(16, 16, {4, 4, 8, 8});
  Settings settings = settings_with(gradient(16, 16), box, 16, 16);
  CHECK(read(settings).mask.equal(box));
  settings.request.mask_invert = true;
  CHECK(read(settings).mask.equal(255 - box));
  settings.request.mask_invert = false;
  settings.inputs.mask.alpha = box;
  CHECK(read(settings).mask.equal(255 - box));  // where there is transparency it counts
  settings.request.mask_from = MaskFrom::white;
  CHECK_FALSE(read(settings).mask.equal(255 - box));

  // The picture's own transparency.
  settings.request.mask.reset();
  settings.inputs.mask = {};
  settings.inputs.image.alpha = 255 - box;
  settings.request.mask_from = MaskFrom::alpha;
  std::vector<std::string> warnings;
  CHECK(read_pictures(settings, warnings).mask.equal(box));
  REQUIRE(warnings.size() == 1);
  CHECK(says(warnings[0], "laid over white"));
}

TEST_CASE("a mask of another size, and an empty one, are remarked on") {
  Settings settings = settings_with(gradient(16, 16), rectangle(32, 32, {8, 8, 16, 16}), 16, 16);
  std::vector<std::string> warnings;
  CHECK(read_pictures(settings, warnings).mask.equal(rectangle(16, 16, {4, 4, 8, 8})));
  REQUIRE(warnings.size() == 1);
  CHECK(says(warnings[0], "is of 32x32, the picture of 16x16"));
  warnings.clear();
  settings.inputs.mask.rgb = at::zeros({16, 16, 3}, at::kByte);
  CHECK_FALSE(read_pictures(settings, warnings).mask.defined());
  REQUIRE(warnings.size() == 1);
  CHECK(says(warnings[0], "nothing to be made anew"));
}

TEST_CASE("what is under a mask can be filled from around it") {
  Tensor picture = at::full({32, 32, 3}, 90, at::kByte);
  const Tensor box = rectangle(32, 32, {10, 10, 20, 20});
  picture.masked_fill_(box.eq(255).unsqueeze(2), 255);
  Settings settings = settings_with(picture, box, 32, 32);
  settings.request.masked_content = MaskedContent::fill;
  const Pictures pictures = read(settings);
  CHECK(pictures.original.equal(picture));
  CHECK(pictures.content.to(at::kInt).sub(90).abs().max().item<int64_t>() <= 2);  // of rounding, six times over
}
