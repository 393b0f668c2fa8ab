#include "server/front/http/kept_text.h"

#include <spdlog/fmt/fmt.h>

#include <functional>
#include <string_view>

namespace alice {
namespace {

std::string hash_of(const std::string& text) { return fmt::format("{:x}", std::hash<std::string>()(text)); }

std::string with_base(const std::string& text, const std::string& base_url) {
  const std::string_view mark = KeptText::kBaseMark;
  const std::string quoted = dump_json(base_url), inner = quoted.substr(1, quoted.size() - 2);
  std::string filled;
  filled.reserve(text.size() + inner.size());
  size_t from = 0;
  for (size_t at = text.find(mark); at != text.npos; at = text.find(mark, from)) {
    filled.append(text, from, at - from).append(inner);
    from = at + mark.size();
  }
  return filled.append(text, from);
}

}  // namespace

bool is_known_to_client(const HttpRequest& request, const std::string& etag) {
  const std::string* known = request.header("If-None-Match");
  if (known == nullptr) return false;
  for (std::string_view one : split_list(*known)) {
    if (one == "*") return true;
    if (one.substr(0, 2) == "W/") one.remove_prefix(2);
    if (one == etag) return true;
  }
  return false;
}

void KeptText::send(Exchange& exchange, const std::string& version, const std::string& base_url,
                    const std::function<std::string()>& make, Headers headers) {
  if (!is_made_ || version != version_) {
    text_ = make();
    tag_ = hash_of(text_);
    version_ = version;
    is_made_ = true;
  }
  const std::string etag = "\"" + tag_ + "-" + hash_of(base_url) + "\"";
  const Headers kept = {{"ETag", etag}, {"Cache-Control", "private, no-cache"}};  // it may be kept, and is asked about
  if (is_known_to_client(exchange.request(), etag)) return exchange.send(304, kept, "");
  headers.insert(headers.end(), kept.begin(), kept.end());
  exchange.send(200, std::move(headers), with_base(text_, base_url));
}

}  // namespace alice
