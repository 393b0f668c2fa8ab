#include "server/accounts/account.h"

#include <algorithm>
#include <sstream>

#include "core/base/one_line.h"
#include "core/base/utf8.h"

namespace alice {
namespace {

constexpr std::array<Scope, 4> kScopes = {Scope::read, Scope::generate, Scope::models_write, Scope::admin};
constexpr size_t kLongestName = 64;

}  // namespace

const char* to_string(Level level) {
  switch (level) {
    case Level::anonymous: return "anonymous";
    case Level::user: return "user";
    case Level::admin: return "admin";
  }
  return "";
}

std::optional<Level> level_from(const std::string& word) {
  for (const Level level : {Level::anonymous, Level::user, Level::admin})
    if (word == to_string(level)) return level;
  return std::nullopt;
}

const std::vector<std::string>& scope_words() {
  static const std::vector<std::string> words = {"read", "generate", "models:write", "admin"};
  return words;
}

Scopes Scopes::usual(Level level) {
  if (level == Level::admin) return {Scope::read, Scope::generate, Scope::models_write, Scope::admin};
  return {Scope::read, Scope::generate};
}

std::optional<Scopes> Scopes::from(const std::string& words) {
  Scopes scopes;
  std::istringstream in(words);
  for (std::string word; in >> word;) {
    const auto found = std::find(scope_words().begin(), scope_words().end(), word);
    if (found == scope_words().end()) return std::nullopt;
    scopes.bits_ |= static_cast<unsigned>(kScopes.at(static_cast<size_t>(found - scope_words().begin())));
  }
  return scopes;
}

std::string Scopes::words() const {
  std::string text;
  for (size_t i = 0; i < kScopes.size(); ++i)
    if (has(kScopes[i])) text += (text.empty() ? "" : " ") + scope_words()[i];
  return text;
}

bool is_account_name(const std::string& name) {
  const size_t letters = decode_utf8(name).size();
  return letters >= 1 && letters <= kLongestName && is_plain_line(name) && name.front() != ' ' && name.back() != ' ';
}

}  // namespace alice
