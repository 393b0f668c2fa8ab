#pragma once
// A picture's PNG file, with the settings that make it again inside.

#include <filesystem>

#include "core/base/picture_file.h"
#include "core/host/pipeline.h"

namespace alice {

/// Writes `image` to `file`, whole or not at all, synced. Its text chunks: "parameters" (write_infotext()) and "alice"
/// (write_generate_request()), both of this one picture: n 1, its own seed. Throws as AtomicFile does.
PictureFile write_picture(const std::filesystem::path& file, const GeneratedImage& image, const Settings& settings);

}  // namespace alice
