#pragma once
// What agents may do: the tools' names, what they take, and what they do.

#include "server/front/http/doors/mcp/mcp_message.h"
#include "server/front/http/front_context.h"

namespace alice {

/// `tools/list`'s tools, always in the same order. Their schemas stand alone (JSON Schema 2020-12).
Json tool_list(const ServerState& state);

/// Answers `tools/call`. Throws McpError for a tool that there is not, and for arguments that are no object; what is
/// wrong with the arguments themselves is a result with isError, for the model reads that and tries again.
void call_tool(FrontContext& context, const std::shared_ptr<Exchange>& exchange, McpMessage message);

}  // namespace alice
