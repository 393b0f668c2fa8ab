#pragma once
// Which handler answers which path. A pattern is "/v1/jobs/{id}/events": a name in braces takes one segment, and
// "{name...}", which may only be the last, takes all that is left, slashes included.

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/base/json.h"
#include "server/accounts/account.h"

namespace alice {

class Exchange;

using PathParams = std::map<std::string, std::string>;
using Handler = std::function<void(const std::shared_ptr<Exchange>&)>;

enum class Access {
  any_name,  ///< answered whatever the server is called by: tells nothing
  open,      ///< answered under the server's own names
  guarded,   ///< as open; and where it changes something, not to pages of other sites
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
  bool is_form_alone = false;  ///< its body is a form, and never JSON
  std::string event = "";  ///< the schema of an event's data, where success may be a stream of events as well
};

/// Bytes of a body where none is of use.
inline constexpr uint64_t kNoBody = 64u << 10;
/// Of one with two prompts of 100,000 bytes, each of which may be an escape of six; and of one with a conversation.
inline constexpr uint64_t kPromptsBody = 2u << 20, kConversationBody = 8u << 20;
/// Of one that brings pictures.
inline constexpr uint64_t kPicturesBody = 32u << 20;

struct Route {
  std::string method;  ///< "GET" also answers HEAD
  std::string pattern;
  Access access;
  Handler handler;
  Operation operation = {};
  uint64_t body_limit = kNoBody;  ///< bytes; the configuration's limit holds beside it
  bool is_probe = false;     ///< asked again and again by machines: no line in the log, and a place when all are taken
  bool takes_forms = false;  ///< multipart/form-data beside JSON
  bool takes_plain_text = false;  ///< JSON that is called text/plain: clients that do not say what they send
  bool tells_detail = false;  ///< its errors bear "detail" too, as FastAPI's do
  Level level = Level::user;           ///< the lowest that may call it (Authenticator)
  bool is_users_without_keys = false;  ///< of level user while no keys are asked for
  /// Of people's own accounts: a key that leaked cannot make others. Only sessions, and administrators' keys.
  bool is_for_people = false;
  bool takes_signature = false;        ///< or whoever has a signed URL of it (picture_urls.h)
  std::optional<Scope> scope = {};     ///< of level admin: or a key of this scope, whatever its level
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
  /// A slash at the end of the path is passed over.
  Match match(const std::string& method, const std::string& path) const;
  const std::vector<Route>& routes() const { return routes_; }

 private:
  std::vector<Route> routes_;
};

}  // namespace alice
