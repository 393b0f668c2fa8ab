#include "core/io/colour_profile.h"

#include <lcms2.h>

#include <memory>

namespace alice {
namespace {

struct Close {
  void operator()(void* profile) const { cmsCloseProfile(profile); }
};
struct Delete {
  void operator()(void* transform) const { cmsDeleteTransform(transform); }
};
using Profile = std::unique_ptr<void, Close>;
using Transform = std::unique_ptr<void, Delete>;

constexpr const char* kUnreadable = "its colour profile cannot be read, and was passed over";
constexpr const char* kOfOthers = "its colour profile is of another kind than its pixels, and was passed over";

/// Null for what cannot be read, and for profiles of multi-process elements: those may be a chain of any length, which
/// Little CMS would walk along for each colour of a table. What makes photographs does not write them.
Profile opened(std::string_view bytes) {
  Profile profile(cmsOpenProfileFromMem(bytes.data(), static_cast<cmsUInt32Number>(bytes.size())));
  if (profile && cmsIsTag(profile.get(), cmsSigDToB0Tag)) return nullptr;
  return profile;
}

Transform to_srgb(const Profile& from, cmsUInt32Number layout) {
  const Profile srgb(cmsCreate_sRGBProfile());
  if (!srgb) return nullptr;
  return Transform(cmsCreateTransform(from.get(), layout, srgb.get(), TYPE_RGB_8, INTENT_PERCEPTUAL, 0));
}

/// Every row of `from`, of `channels` bytes a pixel, to `to`, of three; they may be the same.
void transform_rows(const Transform& transform, const Tensor& from, Tensor& to) {
  const int64_t height = from.size(0), width = from.size(1), channels = from.size(2);
  for (int64_t y = 0; y < height; ++y)
    cmsDoTransform(transform.get(), from.data_ptr<uint8_t>() + y * width * channels,
                   to.data_ptr<uint8_t>() + y * width * 3, static_cast<cmsUInt32Number>(width));
}

}  // namespace

std::optional<std::string> colours_to_srgb(Tensor& rgb, bool is_grey, std::string_view profile) {
  const Profile from = opened(profile);
  if (!from) return kUnreadable;
  const cmsColorSpaceSignature space = cmsGetColorSpace(from.get());
  const bool of_greys = space == cmsSigGrayData;
  if (of_greys ? !is_grey : space != cmsSigRgbData) return kOfOthers;
  const Transform transform = to_srgb(from, of_greys ? TYPE_GRAY_8 : TYPE_RGB_8);
  if (!transform) return kUnreadable;
  transform_rows(transform, of_greys ? rgb.narrow(2, 0, 1).contiguous() : rgb, rgb);
  return std::nullopt;
}

PrintedColours inks_to_srgb(const Tensor& inks, std::string_view profile) {
  PrintedColours printed;
  printed.rgb = at::empty({inks.size(0), inks.size(1), 3}, at::kByte);
  if (!profile.empty()) {
    const Profile from = opened(profile);
    if (!from)
      printed.not_used = kUnreadable;
    else if (cmsGetColorSpace(from.get()) != cmsSigCmykData)
      printed.not_used = kOfOthers;
    else if (const Transform transform = to_srgb(from, TYPE_CMYK_8))
      return transform_rows(transform, inks, printed.rgb), printed;
    else
      printed.not_used = kUnreadable;
  }
  const uint8_t* ink = inks.data_ptr<uint8_t>();
  uint8_t* colour = printed.rgb.data_ptr<uint8_t>();
  for (int64_t pixel = 0; pixel < inks.size(0) * inks.size(1); ++pixel, ink += 4, colour += 3)
    for (int channel = 0; channel < 3; ++channel)
      colour[channel] = static_cast<uint8_t>(((255 - ink[channel]) * (255 - ink[3]) + 127) / 255);
  return printed;
}

}  // namespace alice
