#pragma once
// The reason phrases of HTTP's statuses (RFC 9110, section 15) that this server gives.

#include <string>
#include <string_view>

namespace alice {

const char* reason_phrase(int status);

/// `sentence` as a reason phrase: printable ASCII alone, any other letter as '?', at most 120 bytes. For clients that
/// show people nothing else of an error. "" for a sentence without a letter.
std::string reason_of(std::string_view sentence);

}  // namespace alice
