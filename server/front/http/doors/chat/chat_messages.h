#pragma once
// What a chat's messages say: the prompt, and the pictures beside it.

#include <string>
#include <vector>

#include "server/front/http/door_fields.h"
#include "server/jobs/job.h"

namespace alice {

/// A picture in a request, as text.
struct PlacedPicture {
  std::string place, text;
};

/// The prompt is the content of the last message of the role user: it goes into `fields`, with its place. Returns the
/// pictures that stand beside it. Every message must have a role; only that one's content is read.
std::vector<PlacedPicture> take_prompt(const Json& messages, DoorFields& fields, Faults& faults);

/// The first of them is what the result is made from: its hash goes into `fields`, its bytes into `sent`. The others
/// are warned of.
void take_picture(const std::vector<PlacedPicture>& pictures, DoorFields& fields, std::vector<SentPicture>& sent,
                  Faults& faults);

/// The messages as JSON Schema.
Json messages_schema();

}  // namespace alice
