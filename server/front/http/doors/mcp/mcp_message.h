#pragma once
// Messages of the Model Context Protocol: JSON-RPC 2.0, one a POST (modelcontextprotocol.io/specification, "Streamable
// HTTP"). Revisions up to 2025-11-25 agree on a version at the beginning; 2026-07-28 says it with each request. Nothing
// is kept between two requests in either, so one reader serves both.

#include <exception>
#include <string>
#include <utility>
#include <vector>

#include "server/front/http/exchange.h"
#include "server/front/http/sent_body.h"

namespace alice {

/// Codes of errors: JSON-RPC's, and those that the protocol adds.
inline constexpr int kParseError = -32700, kInvalidRequest = -32600, kMethodNotFound = -32601, kInvalidParams = -32602,
                     kHeaderMismatch = -32020, kUnsupportedVersion = -32022;

/// What is wrong with a message, not with what a tool was told.
class McpError : public std::exception {
 public:
  McpError(int status, int code, std::string message, Json data = nullptr)
      : status(status), code(code), message(std::move(message)), data(std::move(data)) {}

  int status;  ///< of HTTP
  int code;
  std::string message;
  Json data;  ///< null: none

  const char* what() const noexcept override { return message.c_str(); }
};

enum class McpEra {
  handshake,  ///< 2025-03-26 to 2025-11-25: `initialize` comes first
  stateless,  ///< 2026-07-28: each request says its version
};

struct McpMessage {
  Json id;  ///< a string or a number; null: a notification, which nobody answers
  std::string method;
  Json params = Json::object();
  std::vector<SentPicture> pictures;  ///< that a tool's arguments brought: {"sha256"} stands in their place
  Faults faults;                      ///< of those pictures: at "/image"
  McpEra era = McpEra::handshake;

  bool is_notification() const { return id.is_null(); }
  /// A member of params; null when it is not there.
  const Json& param(const char* name) const;
};

/// Reads a body; its era is not known yet. Throws McpError.
McpMessage read_message(const std::string& body);

/// Which era a message is of, by its header MCP-Protocol-Version and its _meta. Throws McpError: 400 for a version that
/// is not served, and for headers of the later era that are missing or say something else than the message.
McpEra era_of(const HttpRequest& request, const McpMessage& message);

/// All that are served, the newest first.
const std::vector<std::string>& protocol_versions();
/// What a server answers to `initialize` with `asked`: that version, or the newest of the earlier era.
std::string handshake_version(const Json& asked);

/// The answer to `message`, as the body of a reply or the data of an event.
Json result_message(const McpMessage& message, Json result);
void send_error(Exchange& exchange, const Json& id, const McpError& error);

}  // namespace alice
