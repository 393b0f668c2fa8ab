#pragma once
// Who calls.

#include <cstdint>
#include <string>
#include <utility>

#include "server/accounts/account.h"
#include "server/jobs/job.h"
#include "server/jobs/viewer.h"

namespace alice {

/// While no keys are asked for every caller is the same one: level user, and owner of all that has no owner; but who
/// shows an administrator's key is one.
struct Caller {
  Level level = Level::user;
  std::string owner = {};    ///< the user's id; "" while there are no keys
  std::string client = {};   ///< tells callers apart whose state is kept for them: a key, a user, or an address
  /// Who it is, also while no keys are asked for: a user's id and name; "" for nobody that is known.
  std::string user = {}, user_name = {};
  std::string key = {}, session = {};  ///< the id of what was shown; "" for none
  /// A browser shows by itself what it holds, to whatever page asks: a write needs the origin of our own pages.
  bool is_held_by_browser = false;
  Scopes scopes = Scopes::usual(Level::user);
  bool is_limited = false;    ///< it is of level user, by a key or signed in: limits hold
  OwnerLimits limits = {};    ///< of the jobs that it brings
  /// Seconds that the signed URL which it called still counts (picture_urls.h); 0: it called none. Whose the thing is
  /// which a signed URL names, does not matter.
  int64_t signed_for_s = 0;

  Viewer viewer() const { return {owner, level == Level::admin || signed_for_s > 0}; }
};

class Exchange;

/// `request` as it came by `exchange`: its owner, the request that it came with, and the key that the header
/// Idempotency-Key gives to it (draft-ietf-httpapi-idempotency-key-header). Throws ApiError 400 for a key of more than
/// 255 bytes, or of other than visible ASCII.
void sign(JobRequest& request, const Exchange& exchange);

}  // namespace alice
