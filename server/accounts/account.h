#pragma once
// Who may: users, and the keys that they call with.

#include <array>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <vector>

namespace alice {

enum class Level {
  anonymous,  ///< nobody that the server knows
  user,       ///< of what is theirs
  admin,      ///< of the server and of everybody
};
const char* to_string(Level level);
/// Nothing for a word that is none.
std::optional<Level> level_from(const std::string& word);

/// What a key may be used for.
enum class Scope : unsigned {
  read = 1,          ///< to look: GET
  generate = 2,      ///< to make pictures, and to take jobs back
  models_write = 4,  ///< "models:write": to change which models there are
  admin = 8,         ///< routes of level admin
};
/// "read", "generate", "models:write", "admin".
const std::vector<std::string>& scope_words();

class Scopes {
 public:
  Scopes() = default;
  Scopes(std::initializer_list<Scope> scopes) {
    for (const Scope scope : scopes) bits_ |= static_cast<unsigned>(scope);
  }
  /// What the keys of a level may do unless they are told otherwise: all, or to read and to generate.
  static Scopes usual(Level level);
  /// Of words with blanks between; nothing when one is none.
  static std::optional<Scopes> from(const std::string& words);

  bool has(Scope scope) const { return (bits_ & static_cast<unsigned>(scope)) != 0; }
  /// "read generate"
  std::string words() const;

 private:
  unsigned bits_ = 0;
};

using SecretHash = std::array<unsigned char, 32>;

/// A key as it is kept: of its secret there is only a hash (SecretHasher). Times are seconds since 1970.
struct AccessKey {
  std::string id;                ///< the part of its text that is no secret
  std::string name;              ///< what its owner calls it
  std::string user, user_name;   ///< whose it is: an id, and what it stands for
  Level level = Level::user;
  Scopes scopes;
  SecretHash hash{};
  int64_t created_s = 0;
  std::optional<int64_t> expires_s;    ///< it counts until then; absent: as long as it is not revoked
  std::optional<int64_t> last_used_s;  ///< a minute late at most
  std::optional<int64_t> revoked_s;    ///< it counts no more since then
};

/// Of keys and users: 1 to 64 letters, on one line, no blank at either end.
bool is_account_name(const std::string& name);

}  // namespace alice
