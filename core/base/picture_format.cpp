#include "core/base/picture_format.h"

#include <algorithm>
#include <cctype>

#include "core/base/text.h"

namespace alice {
namespace {

using namespace std::string_view_literals;

/// How a format's files begin: `start`, and `later` at byte `at`.
struct Beginning {
  std::string_view name, start, later = {};
  size_t at = 0;

  bool fits(std::string_view bytes) const {
    return starts_with(bytes, start) && bytes.size() >= at && starts_with(bytes.substr(at), later);
  }
};

constexpr Beginning kOthers[] = {
    {"a GIF", "GIF8"},
    {"a BMP", "BM"},
    {"a TIFF", "II*\0"sv},
    {"a TIFF", "MM\0*"sv},
    {"an AVIF", ""sv, "ftypavi"sv, 4},
    {"a HEIC", ""sv, "ftyphei"sv, 4},
    {"a HEIC", ""sv, "ftypmif1"sv, 4},
    {"a JPEG XL", "\xff\x0a"sv},
    {"a JPEG XL", "\0\0\0\x0cJXL "sv},
    {"a JPEG 2000", "\0\0\0\x0cjP  "sv},
    {"an icon", "\0\0\1\0"sv},
    {"an SVG", "<svg"},
    {"a text of XML or HTML", "<"},
    {"a PDF", "%PDF"},
    {"a Photoshop file", "8BPS"},
    {"a ZIP file", "PK\3\4"},
};

struct Names {
  const char *word, *extension, *content_type;
};

Names names_of(PictureFormat format) {
  switch (format) {
    case PictureFormat::png: break;
    case PictureFormat::jpeg: return {"jpeg", ".jpg", "image/jpeg"};
    case PictureFormat::webp: return {"webp", ".webp", "image/webp"};
  }
  return {"png", ".png", "image/png"};
}

std::string called(std::string_view bytes) {
  if (bytes.empty()) return "is empty";
  for (const Beginning& other : kOthers)
    if (other.fits(bytes)) return "is " + std::string(other.name);
  return "is no picture";
}

}  // namespace

std::optional<PictureFormat> picture_format_of(std::string_view bytes) {
  if (starts_with(bytes, "\x89PNG\r\n\x1a\n")) return PictureFormat::png;
  if (starts_with(bytes, "\xff\xd8\xff")) return PictureFormat::jpeg;
  if (Beginning{"", "RIFF", "WEBP", 8}.fits(bytes)) return PictureFormat::webp;
  return std::nullopt;
}

std::string other_format_sentence(std::string_view bytes) {
  return called(bytes) + "; PNG, JPEG and WebP pictures are read";
}

std::optional<PictureFormat> picture_format_named(std::string_view file) {
  std::string name(file);
  std::transform(name.begin(), name.end(), name.begin(), [](unsigned char c) { return std::tolower(c); });
  for (const PictureFormat format : {PictureFormat::png, PictureFormat::jpeg, PictureFormat::webp})
    if (ends_with(name, extension_of(format))) return format;
  if (ends_with(name, ".jpeg")) return PictureFormat::jpeg;
  return std::nullopt;
}

const char* to_string(PictureFormat format) { return names_of(format).word; }
const char* extension_of(PictureFormat format) { return names_of(format).extension; }
const char* content_type_of(PictureFormat format) { return names_of(format).content_type; }

}  // namespace alice
