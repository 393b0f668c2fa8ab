#pragma once
// The body of a request that may bring pictures: JSON with their bytes in base64, or a form with files.

#include <string>
#include <vector>

#include "core/base/error.h"
#include "core/base/json.h"
#include "server/jobs/job.h"

namespace alice {

/// Fields that are pictures, as every door calls them.
const std::vector<std::string>& picture_fields();

struct SentBody {
  Json fields = Json::object();       ///< as a JSON body has them; a picture that was sent is {"sha256"}
  std::vector<SentPicture> pictures;  ///< their bytes
  Faults faults;                      ///< of pictures: at "/image"
};

/// In JSON a picture is a data URL, its bytes in base64, or {"sha256"} of one that the server still has. In
/// multipart/form-data it is a file; another part is a field's value, as text, and the part "request" is a JSON object
/// with fields. Nothing is decoded: a picture's first bytes must be those of a format that is read. Throws ApiError 400
/// for a body that is neither.
SentBody read_sent_body(const std::string& body, const std::string& content_type);

}  // namespace alice
