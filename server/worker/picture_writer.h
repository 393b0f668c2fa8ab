#pragma once
// A picture's file, with the recipe that makes it again inside; and that recipe read back.

#include <filesystem>

#include "core/base/picture_file.h"
#include "core/base/recipe.h"
#include "core/host/make/generate.h"

namespace alice {

/// The file of `image`, one of those that `recipe` is of, in the format that its request names.
std::string picture_bytes(const GeneratedImage& image, const Recipe& recipe);

/// Writes `image`, one of those that `recipe` is of, to `file`, whole or not at all, synced. In it are
/// write_infotext() and write_recipe(), both of this one picture: n 1, its own seed; in a PNG as the texts "parameters"
/// and "alice", in other files as EXIF's UserComment and MakerNote. Throws as AtomicFile does.
PictureFile write_picture(const std::filesystem::path& file, const GeneratedImage& image, const Recipe& recipe);

/// The recipe inside a PNG, JPEG or WebP file: ours, else what A1111's words say. Throws Error(bad_request) when there
/// is none or it cannot be read, and as read_png() does.
Recipe read_picture_recipe(const std::filesystem::path& file);

}  // namespace alice
