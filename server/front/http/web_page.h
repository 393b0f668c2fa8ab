#pragma once
// The page for people with a browser.

#include "server/front/http/exchange.h"

namespace alice {

/// Whether the client asks for HTML by its name, as browsers do. Who takes anything is a program, or a person with
/// curl.
bool wants_web_page(const HttpRequest& request);
/// Sends web/index.html (server/front/http/doors/web).
void send_web_page(Exchange& exchange);

}  // namespace alice
