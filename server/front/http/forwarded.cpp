#include "server/front/http/forwarded.h"

#include <algorithm>

#include "core/base/text.h"
#include "server/front/http/api_error.h"
#include "server/front/http/authority.h"

namespace alice {
namespace {

/// The values of all fields of that name, which proxies add to: the last is the nearest one's.
std::vector<std::string> values_of(const HttpRequest& request, std::string_view name) {
  std::vector<std::string> values;
  for (const auto& [its_name, text] : request.headers)
    if (same_ignoring_case(its_name, name))
      for (const std::string_view value : split_list(text)) values.emplace_back(value);
  return values;
}

std::string last_of(const HttpRequest& request, std::string_view name) {
  const std::vector<std::string> values = values_of(request, name);
  return values.empty() ? "" : values.back();
}

/// "1.2.3.4:80" and "[::1]:80" without what is no part of the address.
std::string bare_address(const std::string& text) {
  if (Network::from(text)) return text;
  const auto authority = read_authority(text);
  return authority && authority->is_address ? authority->name : "";
}

/// "/alice": what a path may begin with, without a slash at its end.
std::string prefix_of(std::string text) {
  while (!text.empty() && text.back() == '/') text.pop_back();
  const auto may_stand = [](unsigned char c) {
    return std::isalnum(c) != 0 || std::string_view("/-_.~").find(static_cast<char>(c)) != std::string_view::npos;
  };
  const bool is_path = starts_with(text, "/") && !starts_with(text, "//") && text.find("..") == text.npos;
  return is_path && std::all_of(text.begin(), text.end(), may_stand) ? text : "";
}

}  // namespace

TrustedProxies::TrustedProxies(const std::vector<std::string>& networks) {
  for (const std::string& text : networks)
    if (const auto network = Network::from(text)) networks_.push_back(*network);
}

bool TrustedProxies::trusts(const std::string& address) const {
  const auto asked = Network::from(address);
  return asked && std::any_of(networks_.begin(), networks_.end(),
                              [&](const Network& network) { return network.contains(*asked); });
}

void TrustedProxies::settle(HttpRequest& request) const {
  if (!trusts(request.remote_address)) return;
  const std::vector<std::string> hops = values_of(request, "X-Forwarded-For");
  for (auto hop = hops.rbegin(); hop != hops.rend() && trusts(request.remote_address); ++hop) {
    const std::string address = bare_address(*hop);
    if (address.empty()) break;
    request.remote_address = address;
  }
  const std::string scheme = lower_case(last_of(request, "X-Forwarded-Proto"));
  if (scheme == "https" || scheme == "http") request.scheme = scheme;
  request.prefix = prefix_of(last_of(request, "X-Forwarded-Prefix"));
  const std::string host = last_of(request, "X-Forwarded-Host");
  if (host.empty()) return;
  if (!read_authority(host)) throw malformed("the X-Forwarded-Host header names no host");
  request.authority = host;
}

bool has_come_by_proxy(const HttpRequest& request) {
  return std::any_of(request.headers.begin(), request.headers.end(), [](const auto& field) {
    const std::string name = lower_case(field.first);
    return name == "via" || name == "forwarded" || starts_with(name, "x-forwarded-");
  });
}

}  // namespace alice
