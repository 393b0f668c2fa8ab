#include "server/front/http/standard_sizes.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

namespace alice {
namespace {

/// dall-e-2, dall-e-3, gpt-image-1.
constexpr std::array<PictureSize, 7> kStandard = {
    {{256, 256}, {512, 512}, {1024, 1024}, {1792, 1024}, {1024, 1792}, {1536, 1024}, {1024, 1536}}};

std::optional<int64_t> read_side(std::string_view text) {
  int64_t side = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), side);
  if (text.empty() || read.ec != std::errc() || read.ptr != text.data() + text.size()) return std::nullopt;
  return side;
}

int64_t nearest_multiple(int64_t side, int64_t multiple) {
  const auto times = std::llround(static_cast<double>(side) / static_cast<double>(multiple));
  return std::max<int64_t>(times, 1) * multiple;
}

}  // namespace

std::optional<PictureSize> read_size(const std::string& text) {
  const std::string_view view = text;
  const size_t cross = view.find('x');
  if (cross == view.npos) return std::nullopt;
  const auto width = read_side(view.substr(0, cross)), height = read_side(view.substr(cross + 1));
  if (!width || !height) return std::nullopt;
  return PictureSize{*width, *height};
}

bool is_standard(const PictureSize& size) {
  return std::any_of(kStandard.begin(), kStandard.end(), [&](const PictureSize& one) {
    return one.width == size.width && one.height == size.height;
  });
}

PictureSize fitted(const PictureSize& size, const Json& model) {
  if (!model.is_object()) return size;
  SizeRule rule = read_size_rule(model);
  if (!rule.native.is_known() || rule.most_pixels == 0 || size.pixels() <= rule.most_pixels) return size;
  rule.most_pixels = rule.native.pixels();
  return fit_size(size, rule);
}

std::string fit_asked_size(GenerateRequest& request, const Json& model) {
  const bool is_said = request.image ? request.width && request.height : request.width || request.height;
  if (!model.is_object() || !is_said) return "";
  const SizeRule rule = read_size_rule(model);
  const PictureSize wish = {request.width.value_or(rule.usual.width), request.height.value_or(rule.usual.height)};
  if (!wish.is_known()) return "";
  const PictureSize size =
      fitted({nearest_multiple(wish.width, rule.multiple), nearest_multiple(wish.height, rule.multiple)}, model);
  if (size.width == wish.width && size.height == wish.height) return "";
  request.width = size.width, request.height = size.height;
  return "this model makes no picture of " + to_text(wish) + "; it is " + to_text(size);
}

}  // namespace alice
