// POST /mcp: the Model Context Protocol, for agents.

#include "server/front/http/doors/mcp/mcp_message.h"
#include "server/front/http/doors/mcp/mcp_tools.h"
#include "server/front/http/request_body.h"
#include "server/front/http/routes.h"

namespace alice {
namespace {

constexpr const char* kInstructions =
    "ALICE makes pictures with Stable Diffusion. list_models tells which models there are and which sizes they were "
    "trained on; a model's own size gives the best pictures. generate_image waits for its pictures; a long job is "
    "fetched with get_job.";
constexpr int64_t kFresh = 60'000;  // ms that lists are good for: models come and go

Json server_info() { return {{"name", "ALICE"}, {"title", "ALICE"}, {"version", ALICE_VERSION}}; }

Json initialized(const McpMessage& message) {
  return {{"protocolVersion", handshake_version(message.param("protocolVersion"))},
          {"capabilities", {{"tools", Json::object()}}},
          {"serverInfo", server_info()},
          {"instructions", kInstructions}};
}

Json discovered() {
  return {{"supportedVersions", protocol_versions()},
          {"capabilities", {{"tools", Json::object()}}},
          {"_meta", {{"io.modelcontextprotocol/serverInfo", server_info()}}},
          {"instructions", kInstructions},
          {"ttlMs", kFresh},
          {"cacheScope", "public"}};
}

Json listed(const FrontContext& context, const McpMessage& message) {
  Json result = {{"tools", tool_list(*context.jobs.state())}};
  if (message.era == McpEra::stateless) result["ttlMs"] = kFresh, result["cacheScope"] = "public";
  return result;
}

void answer(FrontContext& context, const std::shared_ptr<Exchange>& exchange, McpMessage message) {
  message.era = era_of(exchange->request(), message);
  const bool is_handshake = message.era == McpEra::handshake;
  const auto send = [&](Json result) { exchange->send_json(200, result_message(message, std::move(result))); };
  if (message.is_notification()) return exchange->send(202, {}, "");
  if (message.method == "tools/call") return call_tool(context, exchange, std::move(message));
  if (message.method == "tools/list") return send(listed(context, message));
  if (message.method == "server/discover") return send(discovered());
  if (is_handshake && message.method == "initialize") return send(initialized(message));
  if (is_handshake && message.method == "ping") return send(Json::object());
  throw McpError(is_handshake ? 200 : 404, kMethodNotFound, "Method not found");
}

/// A message, or what is wrong with the body.
using ReadMessage = std::variant<McpMessage, McpError>;

ReadMessage read(const std::string& text) {
  try {
    return read_message(text);
  } catch (const McpError& error) {
    return error;
  }
}

void answer_read(FrontContext& context, const std::shared_ptr<Exchange>& exchange, ReadMessage read) {
  if (const auto* error = std::get_if<McpError>(&read)) return send_error(*exchange, nullptr, *error);
  McpMessage& message = std::get<McpMessage>(read);
  const Json id = message.id;
  try {
    answer(context, exchange, std::move(message));
  } catch (const McpError& error) {
    send_error(*exchange, id, error);
  }
}

Json message_schema() {
  return {{"type", "object"},
          {"description", "a message of JSON-RPC 2.0, as the Model Context Protocol has it"},
          {"properties",
           {{"jsonrpc", {{"const", "2.0"}}},
            {"id", {{"type", Json::array({"string", "number"})}}},
            {"method", {{"type", "string"}}},
            {"params", {{"type", "object"}}}}},
          {"required", {"jsonrpc", "method"}}};
}

}  // namespace

std::vector<Route> mcp_routes(FrontContext& context) {
  const auto handle = [&context](const std::shared_ptr<Exchange>& exchange) {
    read_text_body<ReadMessage>(context, exchange, read, [&context](const auto& waiting, ReadMessage message) {
      answer_read(context, waiting, std::move(message));
    });
  };
  return {{"POST",
           "/mcp",
           Access::guarded,
           handle,
           {"callMcp", "a message of the Model Context Protocol, for agents", "McpMessage", message_schema},
           kPicturesBody}};
}

}  // namespace alice
