// /v1/auth/invites: codes by which people may register.

#include "server/front/http/doors/accounts/account_door.h"
#include "server/front/http/doors/accounts/account_fields.h"
#include "server/front/http/doors/accounts/account_json.h"
#include "server/front/http/request_body.h"

namespace alice::accounts_door {
namespace {

struct WantedInvite {
  int64_t uses = 1;
  std::optional<int64_t> expires_hours;
};

const OptionTable<WantedInvite>& invite_options() {
  static const auto table =
      OptionTable<WantedInvite>()
          .integer("uses", &WantedInvite::uses, {0, 1e6}, "how many may register by it; 0: any number")
          .integer("expires_hours", &WantedInvite::expires_hours, {1, 24 * 3650}, "how long it counts; null: always",
                   "hours");
  return table;
}

WantedInvite read_invite(const Json& body) { return read_account_fields(body, invite_options(), {}); }
Json invite_schema() { return account_schema(invite_options(), {}); }

void make_invite(const SharedDoor& door, const std::shared_ptr<Exchange>& exchange, const WantedInvite& wanted) {
  Accounts& accounts = accounts_of(*door);
  NewInvite invite;
  invite.uses = wanted.uses == 0 ? std::nullopt : std::optional(wanted.uses);
  if (wanted.expires_hours) invite.expires_s = accounts.now_s() + *wanted.expires_hours * 3600;
  invite.created_by = exchange->caller().user_name;
  const auto reply = [door](const std::shared_ptr<Exchange>& waiting, const MadeInvite& made) {
    note(*door, *waiting, "invite.create", made.invite.id);
    Json answer = invite_json(made.invite, accounts_of(*door).now_s());
    answer["code"] = made.code;
    waiting->send_json(201, answer);
  };
  accounts.people().make_invite(invite, answering<MadeInvite>(door->context, exchange, reply));
}

void handle_make_invite(const SharedDoor& door, const std::shared_ptr<Exchange>& exchange) {
  read_body<WantedInvite>(door->context, exchange, read_invite, [door](const auto& waiting, WantedInvite wanted) {
    make_invite(door, waiting, wanted);
  });
}

void list_invites(const SharedDoor& door, const std::shared_ptr<Exchange>& exchange) {
  const auto reply = [door](const std::shared_ptr<Exchange>& waiting, const std::vector<Invite>& invites) {
    Json data = Json::array();
    for (const Invite& invite : invites) data.push_back(invite_json(invite, accounts_of(*door).now_s()));
    waiting->send_json(200, {{"object", "list"}, {"data", data}});
  };
  accounts_of(*door).people().list_invites(answering<std::vector<Invite>>(door->context, exchange, reply));
}

void revoke_invite(const SharedDoor& door, const std::shared_ptr<Exchange>& exchange) {
  const auto reply = [door](const std::shared_ptr<Exchange>& waiting, const Invite& invite) {
    note(*door, *waiting, "invite.revoke", invite.id);
    waiting->send_json(200, invite_json(invite, accounts_of(*door).now_s()));
  };
  accounts_of(*door).people().revoke_invite(exchange->param("id"),
                                            answering<Invite>(door->context, exchange, reply));
}

}  // namespace

std::vector<Route> invite_routes(const SharedDoor& door) {
  return {route_of(door, "POST", "/v1/auth/invites", handle_make_invite,
                   {"createInvite", "make a code by which people may register", "MadeInvite", invite_schema, 201},
                   Level::admin),
          route_of(door, "GET", "/v1/auth/invites", list_invites,
                   {"listInvites", "the invites that there are and were", "InviteList"}, Level::admin),
          route_of(door, "DELETE", "/v1/auth/invites/{id}", revoke_invite,
                   {"revokeInvite", "end an invite", "Invite"}, Level::admin)};
}

}  // namespace alice::accounts_door
