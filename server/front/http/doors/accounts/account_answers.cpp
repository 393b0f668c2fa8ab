// The shapes of this door's answers (answer_schemas.h).

#include "server/accounts/user.h"
#include "server/front/http/answer_schemas.h"
#include "server/front/http/schema_parts.h"

namespace alice {
namespace {

const Json kText = {{"type", "string"}}, kWhole = {{"type", "integer"}}, kYesNo = {{"type", "boolean"}};
constexpr const char* kWhen = "seconds since 1970";

using Members = std::vector<std::pair<std::string, Json>>;

Json list_answer(const char* item, bool has_more = false) {
  Members members = {{"object", {{"const", "list"}}}, {"data", list_of(reference_to(item))}};
  if (has_more) members.push_back({"has_more", kYesNo});
  return object_of(members);
}

Json user() {
  return object_of({{"id", kText},
                    {"name", kText},
                    {"level", word_of({"user", "admin"})},
                    {"state", word_of(user_state_words())},
                    {"has_password", schema_of("boolean", "else they use keys alone")},
                    {"created", schema_of("integer", kWhen)}});
}

Members session_members() {
  return {{"id", kText},
          {"created", schema_of("integer", kWhen)},
          {"last_seen", schema_of("integer", kWhen)},
          {"expires", schema_of("integer", "when it ends if it is not seen until then; seconds since 1970")},
          {"address", schema_of("string", "from where it was begun")},
          {"agent", schema_of("string", "the program that began it, as it says itself")},
          {"current", schema_of("boolean", "the one that asks")}};
}

Json signed_in() {
  Members members = session_members();
  members.insert(members.end(), {{"sessionId", schema_of("string", "the id, as the original ALICE calls it")},
                                 {"expiresAt", kWhole},
                                 {"name", schema_of("string", "the user's")},
                                 {"level", word_of({"user", "admin"})}});
  return object_of(members);
}

Json me() {
  return object_of({{"authenticated", kYesNo},
                    {"name", perhaps("string", "the user's")},
                    {"user_id", perhaps("string")},
                    {"access_level", word_of({"anonymous", "user", "admin"})},
                    {"is_admin", kYesNo},
                    {"scopes", schema_of("string", "words with blanks between")},
                    {"key_id", perhaps("string", "of the key that was shown")},
                    {"session_id", perhaps("string")},
                    {"session_timeout_seconds", kWhole},
                    {"inactivity_timeout_seconds", kWhole}});
}

Json key() {
  return object_of({{"id", kText},
                    {"name", kText},
                    {"user", schema_of("string", "whose it is")},
                    {"level", word_of({"anonymous", "user", "admin"})},
                    {"scopes", schema_of("string", "words with blanks between")},
                    {"created", schema_of("integer", kWhen)},
                    {"createdAt", kWhole},
                    {"expires", perhaps("integer", kWhen)},
                    {"last_used", perhaps("integer", kWhen)},
                    {"lastUsed", perhaps("integer")},
                    {"revoked", perhaps("integer", kWhen)},
                    {"accessLevel", kText},
                    {"isAdmin", kYesNo},
                    {"enabled", schema_of("boolean", "it was not revoked")}});
}

Members invite_members() {
  return {{"id", kText},
          {"uses_remaining", perhaps("integer", "null: any number")},
          {"used", kWhole},
          {"created_by", schema_of("string", "a user's name")},
          {"created_at", schema_of("integer", kWhen)},
          {"expires_at", perhaps("integer", kWhen)},
          {"revoked_at", perhaps("integer", kWhen)},
          {"valid", kYesNo}};
}

Json made_invite() {
  Members members = invite_members();
  members.push_back({"code", schema_of("string", "shown this once")});
  return object_of(members);
}

Json audit_entry() {
  return object_of({{"id", kWhole},
                    {"time", schema_of("integer", kWhen)},
                    {"action", kText},
                    {"actor", schema_of("string", "a user's name; console: on the machine; empty: nobody known")},
                    {"target", schema_of("string", "an id or a name")},
                    {"address", kText},
                    {"result", schema_of("string", "ok, or a word that says why not")},
                    {"request_id", kText}});
}

}  // namespace

Json account_answer_schemas() {
  return {{"User", user()},
          {"UserList", list_answer("User")},
          {"Session", object_of(session_members())},
          {"SessionList", list_answer("Session")},
          {"SignedIn", signed_in()},
          {"SessionEnded", object_of({{"status", {{"const", "deleted"}}}, {"session_id", kText}})},
          {"PasswordChanged", {{"anyOf", Json::array({reference_to("SignedIn"), reference_to("Status")})}}},
          {"Me", me()},
          {"RegistrationMode",
           object_of({{"mode", word_of({"off", "invite", "approval", "open"})}, {"require_auth", kYesNo}})},
          {"Registered", object_of({{"status", word_of({"created", "pending"})}})},
          {"Invite", object_of(invite_members())},
          {"MadeInvite", made_invite()},
          {"InviteList", list_answer("Invite")},
          {"Key", key()},
          {"KeyList", list_answer("Key")},
          {"MadeKey", object_of({{"key", schema_of("string", "shown this once")}, {"info", reference_to("Key")}})},
          {"KeyEnded", object_of({{"status", {{"const", "revoked"}}}, {"key_id", kText}})},
          {"AuditEntry", audit_entry()},
          {"AuditList", list_answer("AuditEntry", true)}};
}

}  // namespace alice
