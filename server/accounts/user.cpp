#include "server/accounts/user.h"

#include <algorithm>

namespace alice {

const std::vector<std::string>& user_state_words() {
  static const std::vector<std::string> words = {"active", "waiting", "disabled"};
  return words;
}

const char* to_string(UserState state) { return user_state_words()[static_cast<size_t>(state)].c_str(); }

std::optional<UserState> user_state_from(const std::string& word) {
  const auto& words = user_state_words();
  const auto found = std::find(words.begin(), words.end(), word);
  if (found == words.end()) return std::nullopt;
  return static_cast<UserState>(found - words.begin());
}

}  // namespace alice
