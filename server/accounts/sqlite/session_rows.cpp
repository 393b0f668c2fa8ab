#include "server/accounts/sqlite/session_rows.h"

namespace alice {

Session SessionRows::add(const Session& session) {
  StatementUse(add_, session.id, session.user, hash_text(session.hash), session.created_s, session.seen_s,
               session.address, session.agent)
      .run();
  return session;
}

std::vector<Session> SessionRows::all() {
  std::vector<Session> sessions;
  for (StatementUse use(list_); use.step();) {
    Session session;
    session.id = use.text(0);
    session.user = use.text(1);
    if (!read_hash(use.text(2), session.hash)) throw db_.never_written("the session " + session.id);
    session.created_s = use.integer(3);
    session.seen_s = use.integer(4);
    session.address = use.text(5);
    session.agent = use.text(6);
    sessions.push_back(std::move(session));
  }
  return sessions;
}

bool SessionRows::note_seen(const std::string& id, int64_t now_s) {
  return StatementUse(note_seen_, id, now_s).run() == 1;
}

int64_t SessionRows::remove(const std::vector<std::string>& ids) {
  int64_t count = 0;
  for (const std::string& id : ids) count += StatementUse(remove_, id).run();
  return count;
}

void SessionRows::remove_of_user(const std::string& user) { StatementUse(remove_of_user_, user).run(); }

Invite InviteRows::read(const StatementUse& use) const {
  Invite invite;
  invite.id = use.text(0);
  if (!read_hash(use.text(1), invite.hash)) throw db_.never_written("the invite " + invite.id);
  invite.uses_left = use.optional_integer(2);
  invite.used = use.integer(3);
  invite.created_by = use.text(4);
  invite.created_s = use.integer(5);
  invite.expires_s = use.optional_integer(6);
  invite.revoked_s = use.optional_integer(7);
  return invite;
}

std::optional<Invite> InviteRows::find(const std::string& id) {
  StatementUse use(find_, id);
  return use.step() ? std::optional(read(use)) : std::nullopt;
}

Invite InviteRows::add(const Invite& invite) {
  if (find(invite.id)) throw Error(ErrorCode::bad_request, "id", "there is an invite of this id already");
  StatementUse(add_, invite.id, hash_text(invite.hash), invite.uses_left.value_or(0), invite.created_by,
               invite.created_s, invite.expires_s.value_or(0))
      .run();
  return invite;
}

std::vector<Invite> InviteRows::all() {
  std::vector<Invite> invites;
  for (StatementUse use(list_); use.step();) invites.push_back(read(use));
  return invites;
}

Invite InviteRows::revoke(const std::string& id, int64_t now_s) {
  StatementUse(revoke_, id, now_s).run();
  auto invite = find(id);
  if (!invite) throw Error(ErrorCode::not_found, "id", "there is no invite of this id");
  return *invite;
}

void InviteRows::use(const SecretHash& hash, int64_t now_s) {
  if (StatementUse(use_, hash_text(hash), now_s).run() != 1)
    throw Error(ErrorCode::not_found, "invite_code", "is none that counts, or not any more");
}

}  // namespace alice
