#pragma once
// Which handler answers which path. A pattern is "/v1/jobs/{id}/events": a name in braces takes one segment, and
// "{name...}", which may only be the last, takes all that is left, slashes included.

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/base/json.h"

namespace alice {

class Exchange;

using PathParams = std::map<std::string, std::string>;
using Handler = std::function<void(const std::shared_ptr<Exchange>&)>;

enum class Access {
  open,     ///< tells nothing that a stranger's page may not know
  guarded,  ///< changes something or tells what people made: only under the server's own names
};

/// What a route is for, for the description of the API (openapi.h).
struct Operation {
  std::string id = "";              ///< "listJobs"; "" for a route that only stands for another: it is not described
  std::string summary = "";         ///< one line
  std::string answer = "";          ///< the schema of success, by its name in answer_schemas()
  std::function<Json()> body = {};  ///< the schema of the JSON that it takes; null: it takes none
  int status = 200;                 ///< of success
  std::string content = "application/json";  ///< the content type of success
  Json query = Json::array();                ///< OpenAPI's parameter objects
  int other_status = 0;                      ///< another one of success, with the same answer; 0: there is none
};

struct Route {
  std::string method;  ///< "GET" also answers HEAD
  std::string pattern;
  Access access;
  Handler handler;
  Operation operation = {};
};

/// The parameters when `path` fits. A segment or a rest is never empty.
bool match_path(const std::string& pattern, const std::string& path, PathParams& params);

struct Match {
  const Route* route = nullptr;  ///< nullptr: no such path, or not with that method
  PathParams params;
  std::string pattern;               ///< of the path; "" when there is no such path
  std::vector<std::string> allowed;  ///< the methods of that path
};

class Router {
 public:
  explicit Router(std::vector<Route> routes) : routes_(std::move(routes)) {}
  Match match(const std::string& method, const std::string& path) const;
  const std::vector<Route>& routes() const { return routes_; }

 private:
  std::vector<Route> routes_;
};

}  // namespace alice
