#pragma once
// The reason phrases of HTTP's statuses (RFC 9110, section 15) that this server gives.

namespace alice {

const char* reason_phrase(int status);

}  // namespace alice
