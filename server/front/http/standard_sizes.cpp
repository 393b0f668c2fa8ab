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
constexpr int64_t kSmallest = 8;  // pixels; see generate_options()
// Of a model that does not tell its largest picture: pixels.
constexpr int64_t kMostNatives = 4, kAlwaysFine = 256 * 256;

std::optional<int64_t> read_side(std::string_view text) {
  int64_t side = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), side);
  if (text.empty() || read.ec != std::errc() || read.ptr != text.data() + text.size()) return std::nullopt;
  return side;
}

int64_t number_in(const Json& model, const char* name) {
  const auto found = model.is_object() ? model.find(name) : model.end();
  return found != model.end() && found->is_number_integer() ? found->get<int64_t>() : 0;
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
  const int64_t native = number_in(model, "native_width") * number_in(model, "native_height");
  const int64_t told = number_in(model, "max_pixels"), multiple = number_in(model, "size_multiple");
  const int64_t most = told > 0 ? told : std::max(kMostNatives * native, kAlwaysFine);
  if (native <= 0 || multiple <= 0 || size.width * size.height <= most) return size;
  const double scale = std::sqrt(static_cast<double>(native) / static_cast<double>(size.width * size.height));
  const auto side = [&](int64_t wanted) {
    const double exact = static_cast<double>(wanted) * scale / static_cast<double>(multiple);
    const auto steps = static_cast<int64_t>(std::floor(exact));
    const int64_t smallest = (kSmallest + multiple - 1) / multiple;
    return std::max(steps, smallest) * multiple;
  };
  return {side(size.width), side(size.height)};
}

}  // namespace alice
