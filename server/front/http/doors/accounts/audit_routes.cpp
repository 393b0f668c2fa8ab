// GET /v1/auth/audit: who did what.

#include <charconv>

#include "server/front/http/doors/accounts/account_door.h"
#include "server/front/http/doors/accounts/account_json.h"

namespace alice::accounts_door {
namespace {

constexpr int64_t kUsual = 50, kMost = 200;

struct Query {
  int64_t limit = kUsual, before = 0;
};

bool read_number(const std::string& text, int64_t least, int64_t most, int64_t& number) {
  const char* const end = text.data() + text.size();
  const auto read = std::from_chars(text.data(), end, number);
  return read.ec == std::errc() && read.ptr == end && number >= least && number <= most;
}

/// Throws ApiError 400.
Query read_query(const HttpRequest& request) {
  Query query;
  Faults faults;
  for (const auto& [name, value] : request.query) {
    if (name == "limit") {
      if (!read_number(value, 1, kMost, query.limit))
        faults.add("/limit", "must be an integer from 1 to " + std::to_string(kMost));
    } else if (name == "before") {
      if (!read_number(value, 1, INT64_MAX, query.before)) faults.add("/before", "must be an entry's id");
    } else {
      throw_if_any(unknown_parameter(name, {"limit", "before"}));
    }
  }
  throw_if_any(faults);
  return query;
}

void list_audit(const SharedDoor& door, const std::shared_ptr<Exchange>& exchange) {
  const Query query = read_query(exchange->request());
  const auto reply = [limit = query.limit](const std::shared_ptr<Exchange>& waiting,
                                           const std::vector<AuditEntry>& entries) {
    const size_t shown = std::min(entries.size(), static_cast<size_t>(limit));
    Json data = Json::array();
    for (size_t i = 0; i < shown; ++i) data.push_back(audit_json(entries[i]));
    waiting->send_json(200, {{"object", "list"}, {"data", data}, {"has_more", entries.size() > shown}});
  };
  // One more than asked tells whether there are more.
  accounts_of(*door).list_audit(query.before, query.limit + 1,
                                answering<std::vector<AuditEntry>>(door->context, exchange, reply));
}

Operation listing() {
  Operation operation = {"listAudit", "who did what, the newest first", "AuditList"};
  operation.query = Json::array(
      {{{"name", "limit"},
        {"in", "query"},
        {"schema", {{"type", "integer"}, {"minimum", 1}, {"maximum", kMost}, {"default", kUsual}}}},
       {{"name", "before"},
        {"in", "query"},
        {"schema", {{"type", "integer"}, {"minimum", 1}, {"description", "an entry's id: older ones than it"}}}}});
  return operation;
}

}  // namespace

std::vector<Route> audit_routes(const SharedDoor& door) {
  return {route_of(door, "GET", "/v1/auth/audit", list_audit, listing(), Level::admin)};
}

}  // namespace alice::accounts_door
