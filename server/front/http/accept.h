#pragma once
// What a client would rather have (RFC 9110, section 12.5.1).

#include <string>

#include "server/front/http/http_request.h"

namespace alice {

/// The weight, 0 to 1, that `accept` gives to `type` ("image/png"): of the most specific of its ranges that fits; 0
/// when none does.
double weight_of(const std::string& accept, const std::string& type);

/// True when the request's Accept gives `type` more weight than `otherwise`. False without an Accept.
bool prefers(const HttpRequest& request, const std::string& type, const std::string& otherwise);

}  // namespace alice
