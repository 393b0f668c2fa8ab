#pragma once
// The body of a request that may bring pictures: JSON with their bytes in base64, or a form with files.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/error.h"
#include "core/base/json.h"
#include "server/jobs/job.h"

namespace alice {

/// Fields that are pictures, as every door calls them.
const std::vector<std::string>& picture_fields();

/// What is done with more than one picture of a field.
enum class Several {
  refused,
  first,  ///< the first counts. OpenAI's clients send a list, the same part again, or "images" for "image"
};

struct SentBody {
  Json fields = Json::object();       ///< as a JSON body has them; a picture that was sent is {"sha256"}
  std::vector<SentPicture> pictures;  ///< their bytes
  std::vector<std::string> passed_over;  ///< Several::first: those behind the first: "image[1]"
  Faults faults;                      ///< of pictures: at "/image"
};

/// A picture in a text: a data URL, or its bytes in base64. Nothing, and a fault at `place`, for what is none; nothing
/// is fetched from elsewhere.
std::optional<SentPicture> read_sent_picture(std::string_view text, const std::string& place, Faults& faults);

/// In JSON a picture is a data URL, its bytes in base64, or {"sha256"} of one that the server still has. In
/// multipart/form-data it is a file; another part is a field's value, as text, and the part "request" is a JSON object
/// with fields. Nothing is decoded: a picture's first bytes must be those of a format that is read. Throws ApiError 400
/// for a body that is neither. With Several::first the name of a part may end in "[]", as it may without, a picture in
/// JSON may be {"image_url": a data URL}, and several are no fault.
SentBody read_sent_body(const std::string& body, const std::string& content_type, Several several = Several::refused);

}  // namespace alice
