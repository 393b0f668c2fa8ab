#pragma once
// Who calls.

#include <string>
#include <utility>

#include "server/jobs/job.h"
#include "server/jobs/viewer.h"

namespace alice {

enum class Level {
  anonymous,  ///< nobody that the server knows
  user,       ///< of what is theirs
  admin,      ///< of the server and of everybody
};

/// While there are no keys every caller is the same one: level user, and owner of all that has no owner.
struct Caller {
  Level level = Level::user;
  std::string owner = {};    ///< the user's id; "" while there are no keys
  std::string client = {};   ///< tells callers apart where a client's state is kept for it: its key's id, else its address

  Viewer viewer() const { return {owner, level == Level::admin}; }
};

class Exchange;

/// `request` as it came by `exchange`: its owner, the request that it came with, and the key that the header
/// Idempotency-Key gives to it (draft-ietf-httpapi-idempotency-key-header). Throws ApiError 400 for a key of more than
/// 255 bytes, or of other than visible ASCII.
void sign(JobRequest& request, const Exchange& exchange);

}  // namespace alice
