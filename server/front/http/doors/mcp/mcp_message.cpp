#include "server/front/http/doors/mcp/mcp_message.h"

#include <algorithm>

#include "core/base/text.h"
#include "core/base/utf8.h"
#include "server/front/http/base64.h"
#include "server/front/http/json_body.h"

namespace alice {
namespace {

constexpr const char* kVersionHeader = "MCP-Protocol-Version";
constexpr const char* kVersionMember = "io.modelcontextprotocol/protocolVersion";
constexpr const char* kStateless = "2026-07-28";

McpError invalid(const std::string& message) { return {400, kInvalidRequest, message}; }
McpError mismatch(const std::string& message) { return {400, kHeaderMismatch, "Header mismatch: " + message}; }

const Json& member(const Json& object, const char* name) {
  static const Json kNone;
  if (!object.is_object()) return kNone;
  const auto found = object.find(name);
  return found == object.end() ? kNone : *found;
}

/// Pictures in the arguments of a tool become their hashes, and their bytes go beside them.
void take_pictures(McpMessage& message) {
  const auto arguments = message.params.find("arguments");
  if (arguments == message.params.end() || !arguments->is_object()) return;
  const auto& fields = picture_fields();
  if (std::none_of(fields.begin(), fields.end(), [&](const std::string& field) { return arguments->contains(field); }))
    return;
  try {
    SentBody sent = read_sent_body(dump_json(*arguments), "application/json");
    *arguments = std::move(sent.fields);
    message.pictures = std::move(sent.pictures);
    message.faults = std::move(sent.faults);
  } catch (const ApiError& error) {
    throw McpError(200, kInvalidParams, error.message);
  }
}

bool is_handshake(const std::string& version) {
  const auto& all = protocol_versions();
  return version != kStateless && std::find(all.begin(), all.end(), version) != all.end();
}

/// A header's value that could not be written in ASCII comes as "=?base64?...?=".
std::string decoded(const std::string& value) {
  constexpr std::string_view kBegin = "=?base64?", kEnd = "?=";
  constexpr size_t kAround = kBegin.size() + kEnd.size();
  if (!starts_with(value, kBegin) || !ends_with(value, kEnd) || value.size() < kAround) return value;
  const auto bytes = from_base64(std::string_view(value).substr(kBegin.size(), value.size() - kAround));
  if (!bytes.has_value()) throw mismatch("a value in base64 cannot be read");
  return *bytes;
}

void check_header(const HttpRequest& request, const char* name, const Json& said) {
  const std::string* header = request.header(name);
  if (header == nullptr) throw mismatch(std::string(name) + " is missing");
  if (!said.is_string() || decoded(*header) != said.get_ref<const std::string&>())
    throw mismatch(std::string(name) + " says '" + brief(*header, 64) + "', the message something else");
}

}  // namespace

const Json& McpMessage::param(const char* name) const { return member(params, name); }

McpMessage read_message(const std::string& text) {
  Json body;
  try {
    body = read_json_body(text, picture_fields());
  } catch (const ApiError& error) {
    throw McpError(400, kParseError, error.message);
  }
  if (member(body, "jsonrpc") != "2.0") throw invalid("'jsonrpc' must be \"2.0\"");
  if (!member(body, "method").is_string()) throw invalid("'method' must be a text: responses are not waited for here");
  McpMessage message;
  message.method = body["method"].get<std::string>();
  if (body.contains("id")) {
    message.id = body["id"];
    if (!message.id.is_string() && !message.id.is_number()) throw invalid("'id' must be a text or a number");
  }
  if (body.contains("params")) message.params = std::move(body["params"]);
  if (!message.params.is_object()) throw invalid("'params' must be an object");
  if (message.method == "tools/call") take_pictures(message);
  return message;
}

const std::vector<std::string>& protocol_versions() {
  static const std::vector<std::string> versions = {kStateless, "2025-11-25", "2025-06-18", "2025-03-26"};
  return versions;
}

std::string handshake_version(const Json& asked) {
  const bool is_known = asked.is_string() && is_handshake(asked.get_ref<const std::string&>());
  return is_known ? asked.get<std::string>() : protocol_versions().at(1);
}

McpEra era_of(const HttpRequest& request, const McpMessage& message) {
  const std::string* header = request.header(kVersionHeader);
  const Json& said = member(message.param("_meta"), kVersionMember);
  const bool is_said = !said.is_null();
  if (!is_said && (header == nullptr || is_handshake(*header))) return McpEra::handshake;
  if (header == nullptr) throw mismatch(std::string(kVersionHeader) + " is missing");
  if (is_said && said != *header)
    throw mismatch(std::string(kVersionHeader) + " says '" + brief(*header, 64) + "', the message something else");
  if (is_handshake(*header)) return McpEra::handshake;
  if (*header != kStateless)
    throw McpError(400, kUnsupportedVersion, "Unsupported protocol version",
                   {{"supported", protocol_versions()}, {"requested", *header}});
  if (message.is_notification()) return McpEra::stateless;
  if (!is_said) throw mismatch(std::string("params._meta[\"") + kVersionMember + "\"] is missing");
  check_header(request, "Mcp-Method", message.method);
  if (message.method == "tools/call") check_header(request, "Mcp-Name", message.param("name"));
  return McpEra::stateless;
}

Json result_message(const McpMessage& message, Json result) {
  if (message.era == McpEra::stateless) result["resultType"] = "complete";
  return {{"jsonrpc", "2.0"}, {"id", message.id}, {"result", std::move(result)}};
}

void send_error(Exchange& exchange, const Json& id, const McpError& error) {
  Json object = {{"code", error.code}, {"message", error.message}};
  if (!error.data.is_null()) object["data"] = error.data;
  Json body = {{"jsonrpc", "2.0"}, {"error", object}};
  if (!id.is_null()) body["id"] = id;
  exchange.send_json(error.status, body);
}

}  // namespace alice
