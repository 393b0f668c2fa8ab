#pragma once
// Pictures within JSON.

#include <string>
#include <vector>

#include "core/base/json.h"
#include "server/front/http/door_fields.h"
#include "server/jobs/job.h"

namespace alice::a1111 {

/// The bytes of a data URL, or of base64 alone. "" after a fault, which is added at `place`: it is neither, or an
/// address.
std::string read_picture_text(const Json& value, const std::string& place, Faults& faults);

/// Takes the picture that `value` is, as above: its bytes go to `sent`, its name to `fields` as GenerateRequest's field
/// `field` ("image", "mask"). Nothing is decoded. Adds a fault at `place` for what is no picture.
void take_sent_picture(const Json& value, const std::string& place, const std::string& field, DoorFields& fields,
                       std::vector<SentPicture>& sent, Faults& faults);

}  // namespace alice::a1111
