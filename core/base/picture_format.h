#pragma once
// What kind of picture some bytes are, by their first bytes alone. Nothing is decoded.

#include <optional>
#include <string>
#include <string_view>

namespace alice {

/// Those that are read and written.
enum class PictureFormat { png, jpeg, webp };

/// Empty for anything else.
std::optional<PictureFormat> picture_format_of(std::string_view bytes);
/// Why bytes of no such format are refused: "is a GIF; PNG, JPEG and WebP pictures are read".
std::string other_format_sentence(std::string_view bytes);

/// By the name of a file: ".png", ".jpg", ".jpeg", ".webp", in any case.
std::optional<PictureFormat> picture_format_named(std::string_view file);

/// "png", "jpeg", "webp": as requests call them.
const char* to_string(PictureFormat format);
/// ".png", ".jpg", ".webp": how the names of files end that ALICE writes.
const char* extension_of(PictureFormat format);
/// "image/png".
const char* content_type_of(PictureFormat format);

}  // namespace alice
