#pragma once
// An answer made of texts and of pictures' files, sent piece by piece: memory holds one piece, however many and large
// the pictures are, and the loop answers others in between.

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "server/front/http/exchange.h"

namespace alice {

struct ReplyPart {
  std::string text;            ///< sent as it is; or, when empty:
  std::filesystem::path file;  ///< sent as it is, or
  bool base64 = false;         ///< in base64, with padding, without line breaks
};

/// Throws Error(not_found) when a file is not there, before anything is sent. A file that changes while it is sent cuts
/// the answer and ends the connection.
void send_parts(const std::shared_ptr<Exchange>& exchange, int status, Headers headers, std::vector<ReplyPart> parts);

/// Sends them as the rest of an answer that is begun, without a length, and ends it. Throws as send_parts(), before
/// anything of them is sent.
void finish_with_parts(const std::shared_ptr<Exchange>& exchange, std::vector<ReplyPart> parts);

/// As send_parts(), of files that no client named: that one is not there is no fault of the client's. Throws Error(internal).
void send_own_parts(const std::shared_ptr<Exchange>& exchange, int status, Headers headers,
                    std::vector<ReplyPart> parts);

}  // namespace alice
