#pragma once
// A picture that a request is made from: named by its bytes, never by a path.

#include <string>

#include "core/base/error.h"
#include "core/base/json.h"

namespace alice {

struct PictureInput {
  std::string sha256;  ///< of the file's bytes as they were sent: 64 small hexadecimal digits
};

inline bool operator==(const PictureInput& a, const PictureInput& b) { return a.sha256 == b.sha256; }
inline bool operator!=(const PictureInput& a, const PictureInput& b) { return !(a == b); }

/// Whether it is 64 small hexadecimal digits. Only such texts may become the name of a file.
bool is_sha256(const std::string& text);

/// {"sha256": "..."}. Adds a fault at `place`, or below it, for anything else; `sha256` is empty then.
PictureInput read_picture_input(const Json& object, const std::string& place, Faults& faults);
Json write_picture_input(const PictureInput& input);

}  // namespace alice
