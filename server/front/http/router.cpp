#include "server/front/http/router.h"

#include <algorithm>
#include <string_view>

namespace alice {
namespace {

/// Takes the segment up to the next '/' off `path`, which begins with one.
std::string_view take_segment(std::string_view& path) {
  path.remove_prefix(1);
  const std::string_view segment = path.substr(0, path.find('/'));
  path.remove_prefix(segment.size());
  return segment;
}

bool is_parameter(std::string_view segment) { return !segment.empty() && segment.front() == '{'; }
bool takes_rest(std::string_view segment) {
  return is_parameter(segment) && segment.size() > 4 && segment.substr(segment.size() - 4) == "...}";
}

}  // namespace

bool match_path(const std::string& pattern, const std::string& path, PathParams& params) {
  std::string_view wanted = pattern, given = path;
  while (!wanted.empty()) {
    if (given.empty() || given.front() != '/') return false;
    const std::string_view segment = take_segment(wanted);
    if (takes_rest(segment)) {
      params[std::string(segment.substr(1, segment.size() - 5))] = given.substr(1);
      return given.size() > 1;
    }
    const std::string_view value = take_segment(given);
    if (is_parameter(segment)) {
      if (value.empty()) return false;
      params[std::string(segment.substr(1, segment.size() - 2))] = value;
    } else if (value != segment) {
      return false;
    }
  }
  return given.empty();
}

Match Router::match(const std::string& method, const std::string& asked) const {
  const std::string path = asked.size() > 1 && asked.back() == '/' ? asked.substr(0, asked.size() - 1) : asked;
  const std::string wanted = method == "HEAD" ? "GET" : method;
  Match match;
  for (const Route& route : routes_) {
    PathParams params;
    if (!match_path(route.pattern, path, params)) continue;
    if (match.pattern.empty()) match.pattern = route.pattern;
    if (route.pattern != match.pattern) continue;  // an earlier pattern has the path to itself
    match.allowed.push_back(route.method);
    if (route.method == "GET") match.allowed.push_back("HEAD");
    if (route.method != wanted) continue;
    match.route = &route;
    match.params = std::move(params);
  }
  if (!match.allowed.empty()) match.allowed.push_back("OPTIONS");
  return match;
}

}  // namespace alice
