#pragma once
// Who looks: everybody sees what is theirs, administrators see all of it. What somebody may not see is not there for
// them.

#include <optional>
#include <string>

namespace alice {

struct Viewer {
  std::string owner;  ///< a user's id; "": nobody in particular, as everybody is while there are no keys
  bool sees_all = false;

  bool sees(const std::string& owner_of_thing) const { return sees_all || owner == owner_of_thing; }
  /// Whose things are listed; nothing: everybody's.
  std::optional<std::string> only_owner() const { return sees_all ? std::nullopt : std::optional(owner); }
};

}  // namespace alice
