// The files of the web interface, from memory.

#include "core/base/sha256.h"
#include "server/front/http/doors/web/web_files.h"
#include "server/front/http/kept_text.h"
#include "server/front/http/routes.h"
#include "server/front/http/web_page.h"

namespace alice {
namespace {

/// Nothing but our own files, no script in texts, in nobody's frame.
constexpr const char* kPolicy =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; "
    "trusted-types 'none'";

void send_file(Exchange& exchange, const WebFile& file) {
  const std::string etag = "\"" + sha256_of(std::string(file.text)).substr(0, 32) + "\"";
  Headers headers = {{"ETag", etag},
                     {"Cache-Control", "no-cache"},  // kept, and asked about: a newer program has newer files
                     {"Vary", "Accept"},
                     {"Content-Security-Policy", kPolicy},
                     {"Referrer-Policy", "no-referrer"}};
  if (exchange.request().scheme == "https")  // else browsers complain that it has no effect
    headers.emplace_back("Cross-Origin-Opener-Policy", "same-origin");
  if (is_known_to_client(exchange.request(), etag)) return exchange.send(304, std::move(headers), "");
  headers.emplace_back("Content-Type", web_type_of(file.name));
  exchange.send(200, std::move(headers), std::string(file.text));
}

void send_named(const std::shared_ptr<Exchange>& exchange) {
  const WebFile* file = web_file(exchange->param("file"));
  if (file == nullptr) throw ApiError(404, "not_found", "the web interface has no such file");
  send_file(*exchange, *file);
}

}  // namespace

bool wants_web_page(const HttpRequest& request) {
  const std::string* accept = request.header("Accept");
  return accept != nullptr && accept->find("text/html") != std::string::npos;
}

void send_web_page(Exchange& exchange) { send_file(exchange, *web_file("index.html")); }

std::vector<Route> web_routes(FrontContext&) {
  Route files = {"GET", "/web/{file...}", Access::open, send_named,
                 {"getWebFile", "a file of the web interface", "Page", {}, 200, "text/plain"}};
  files.level = Level::anonymous;
  return {files};
}

}  // namespace alice
