"""People: users, keys of one's own, registration in each mode, the first administrator, the audit."""

import pathlib
import time
import unittest

from people import BODY, ON, USERS, Browser, PeopleCase, signed_in, signed_in_as
from server import ServerCase


class Users(PeopleCase):
    def test_disabling_ends_sessions_and_keys_at_once(self):
        ann, root = signed_in(self.server, "ann"), signed_in(self.server, "root")
        made = ann.post("/v1/auth/keys/generate", {"name": "laptop"}).json["key"]
        bearer = {"Authorization": "Bearer " + made}
        self.assertEqual(self.server.get("/v1/models", bearer).status, 200)
        path = "/v1/auth/users/" + self.user_id("ann")
        self.assertEqual(root.post(path + "/disable").json["state"], "disabled")
        self.assertEqual(ann.get("/v1/models").status, 401)
        self.assertEqual(self.server.get("/v1/models", bearer).status, 401)
        self.assertEqual(root.post(path + "/enable").json["state"], "active")
        self.assertEqual(ann.get("/v1/models").status, 401)
        self.assertEqual(self.server.get("/v1/models", bearer).status, 401)
        self.assertEqual(ann.sign_in("ann").status, 201)

    def test_who_waits_is_approved(self):
        root = signed_in(self.server, "root")
        waiting = root.get("/v1/auth/users?state=waiting").json["data"]
        self.assertEqual([user["name"] for user in waiting], ["eve"])
        self.assertEqual(root.post(f"/v1/auth/users/{waiting[0]['id']}/approve").status, 200)
        signed_in(self.server, "eve")

    def test_a_level_counts_at_once_in_both_directions(self):
        root, bob = signed_in(self.server, "root"), signed_in(self.server, "bob")
        path = f"/v1/auth/users/{self.user_id('bob')}/level"
        self.assertEqual(root.post(path, {"level": "admin"}).json["level"], "admin")
        key = bob.post("/v1/auth/keys/generate", {"name": "admins", "isAdmin": True}).json
        self.assertEqual(key["info"]["level"], "admin")
        bearer = {"Authorization": "Bearer " + key["key"]}
        self.assertEqual(self.server.get("/v1/auth/users", bearer).status, 200)
        self.assertEqual(root.post(path, {"level": "user"}).status, 200)
        self.assertEqual(bob.get("/v1/auth/users").status, 403)
        self.assertEqual(self.server.get("/v1/auth/users", bearer).status, 401)
        self.assert_error(root.post(path, {"level": "king"}), 400, "bad_request", "level")

    def test_nobody_does_it_to_themselves_so_there_is_always_an_administrator(self):
        root, own = signed_in(self.server, "root"), self.user_id("root")
        for method, path, body in (("POST", "/disable", {}), ("POST", "/level", {"level": "user"}),
                                   ("DELETE", "", None)):
            self.assert_error(root.ask(method, f"/v1/auth/users/{own}{path}", body), 409, "conflict")
        self.assertEqual(root.get("/v1/auth/users").status, 200)

    def test_who_is_removed_is_gone(self):
        root = signed_in(self.server, "root")
        old = self.user_id("old")
        self.assertEqual(root.ask("DELETE", "/v1/auth/users/" + old).status, 200)
        self.assert_error(root.ask("DELETE", "/v1/auth/users/" + old), 404, "not_found", "id")
        self.assertEqual(Browser(self.server).sign_in("old").status, 401)


class OwnKeys(PeopleCase):
    def test_own_keys_are_made_listed_and_revoked_and_nobody_elses(self):
        ann, bob, root = (signed_in(self.server, name) for name in ("ann", "bob", "root"))
        made = ann.post("/v1/auth/keys/generate", {"name": "Ann's laptop", "scopes": "read", "expiresDays": 3})
        self.assertEqual(made.status, 201)
        info, bearer = made.json["info"], {"Authorization": "Bearer " + made.json["key"]}
        self.assertEqual((info["user"], info["level"], info["scopes"]), ("ann", "user", "read"))
        self.assertAlmostEqual(info["expires"] - info["created"], 3 * 86400)
        self.assertEqual(self.server.get("/v1/models", bearer).status, 200)
        self.assertEqual(self.server.post("/v1/jobs", BODY, bearer).status, 403)

        listed = ann.get("/v1/auth/keys")
        self.assertEqual([key["id"] for key in listed.json["data"]], [info["id"]])
        self.assertNotIn(made.json["key"][15:58].encode(), listed.body)
        self.assertEqual(bob.get("/v1/auth/keys").json["data"], [])
        self.assertIn(info["id"], [key["id"] for key in root.get("/v1/auth/keys").json["data"]])

        self.assert_error(bob.ask("DELETE", "/v1/auth/keys/" + info["id"]), 404, "not_found", "id")
        self.assertEqual(self.server.get("/v1/models", bearer).status, 200)
        self.assertEqual(ann.ask("DELETE", "/v1/auth/keys/" + info["id"]).json["status"], "revoked")
        self.assertEqual(self.server.get("/v1/models", bearer).status, 401)
        second = ann.post("/v1/auth/keys/generate", {"name": "phone"}).json["info"]["id"]
        self.assertEqual(root.post(f"/v1/auth/keys/{second}/revoke").status, 200)

    def test_no_key_is_made_for_more_than_its_maker_may_do(self):
        ann = signed_in(self.server, "ann")
        for wrong in ({"level": "admin"}, {"isAdmin": True}, {"accessLevel": "admin"}, {"scopes": "read admin"},
                      {"scopes": "models:write"}):
            self.assert_error(ann.post("/v1/auth/keys/generate", {"name": "x", **wrong}), 403, "forbidden")
        for field, wrong in (("scopes", "everything"), ("name", "a\nb"), ("accessLevel", "king"), ("expires_days", 0)):
            answer = ann.post("/v1/auth/keys/generate", {"name": "x", field: wrong})
            self.assertEqual(answer.status, 400, answer.body)
            self.assertEqual(answer.error["param"], field)

    def test_keys_make_no_keys_but_an_administrators(self):
        body = {"name": "x"}
        self.assert_error(self.server.post("/v1/auth/keys/generate", body, self.key("plain")), 403, "forbidden")
        self.assert_error(self.server.get("/v1/auth/keys", self.key("plain")), 403, "forbidden")
        self.assertEqual(self.server.post("/v1/auth/keys/generate", body, self.key("me")).status, 201)


class Audit(PeopleCase):
    def test_what_was_done_and_tried_is_told_to_administrators_a_page_at_a_time(self):
        root = signed_in(self.server, "root")
        Browser(self.server).sign_in("ann", "wrong password")
        bob = self.user_id("bob")
        root.post(f"/v1/auth/users/{bob}/disable")
        entries = self.audit()
        latest, login = entries[0], next(one for one in entries if one["result"] == "wrong")
        self.assertEqual((latest["action"], latest["actor"], latest["target"], latest["result"], latest["address"]),
                         ("user.disable", "root", bob, "ok", "127.0.0.1"))
        self.assertRegex(latest["request_id"], r".{8}")
        self.assertLess(abs(latest["time"] - time.time()), 60)
        self.assertEqual((login["action"], login["actor"], login["target"]), ("login", "", "ann"))

        pages, before = [], ""
        while True:
            page = root.get("/v1/auth/audit?limit=1" + before).json
            pages += page["data"]
            if not page["has_more"]:
                break
            before = f"&before={page['data'][-1]['id']}"
        self.assertEqual([one["id"] for one in pages], [one["id"] for one in self.audit()])
        for query, param in (("limit=0", "limit"), ("limit=201", "limit"), ("before=x", "before"), ("x=1", "x")):
            self.assert_error(root.get("/v1/auth/audit?" + query), 400, "bad_request", param)
        self.assertEqual(signed_in(self.server, "ann").get("/v1/auth/audit").status, 403)

    def test_no_secret_is_in_it(self):
        ann = signed_in(self.server, "ann")
        key = ann.post("/v1/auth/keys/generate", {"name": "x"}).json["key"]
        text = self.server.get("/v1/auth/audit", self.key("me")).body.decode()
        for secret in ("password of", key[15:58], ann.cookies["alice_session"][17:]):
            self.assertNotIn(secret, text)


class RegistrationOff(PeopleCase):
    def test_nobody_registers_unless_the_configuration_says_so(self):
        self.assertEqual(self.server.get("/v1/auth/registration-mode").json, {"mode": "off", "require_auth": True})
        answer = self.server.post("/v1/auth/register", {"name": "new", "password": "long enough"})
        self.assert_error(answer, 403, "forbidden")
        self.assertIn("server.registration_mode", answer.error["message"])
        self.assertEqual(Browser(self.server).sign_in("new", "long enough").status, 401)


class Registering(PeopleCase):
    def register(self, address, **fields):
        body = {"name": "new", "password": "long enough", **fields}
        return self.server.post("/v1/auth/register", body, {"X-Forwarded-For": address})

    @staticmethod
    def settings(mode):
        return {**ON, "server": {"require_auth": True, "trusted_proxies": ["127.0.0.1"], "registration_mode": mode}}


class RegistrationOpen(Registering):
    SETTINGS = Registering.settings("open")

    def test_whoever_registers_may_sign_in_as_a_user_and_no_more(self):
        self.assertEqual(self.register("192.0.2.1").json, {"status": "created"})
        new = signed_in_as(self.server, "new", "long enough")
        self.assertEqual(new.get("/v1/auth/me").json["access_level"], "user")
        self.assertEqual(new.get("/v1/auth/users").status, 403)

    def test_a_name_that_is_taken_is_nobody_elses(self):
        for name in ("ann", "ANN", "root", "me"):  # the last was named by a key
            self.assert_error(self.register(f"192.0.2.{len(name)}", name=name), 409, "conflict", "name")
        self.assertEqual(Browser(self.server).sign_in("ann", "long enough").status, 401)

    def test_an_address_registers_few(self):
        for i in range(3):
            self.assertEqual(self.register("198.51.100.1", name=f"from one {i}").status, 201)
        self.assert_error(self.register("198.51.100.1", name="from one 4"), 429, "rate_limited")
        self.assertEqual(self.register("198.51.100.2", name="from another").status, 201)

    def test_what_is_wrong_is_named(self):
        for field, value in (("password", "short"), ("password", "x" * 129), ("name", ""), ("name", "a\nb"),
                             ("password", 12345678), ("nme", "x")):
            answer = self.register("203.0.113.9", **{field: value})
            self.assert_error(answer, 400, "bad_request", field)
        self.assert_error(self.server.post("/v1/auth/register?name=new&password=long+enough", {}), 400, "bad_request",
                          "name")  # nothing is taken from the query, which others write down


class RegistrationByInvite(Registering):
    SETTINGS = Registering.settings("invite")

    def invite(self, **fields):
        return self.server.post("/v1/auth/invites", fields, self.key("me"))

    def test_an_invite_lets_in_as_many_as_it_says(self):
        made = self.invite(uses=2, expiresHours=1)
        self.assertEqual(made.status, 201)
        code = made.json["code"]
        self.assertEqual(made.json["uses_remaining"], 2)
        self.assertEqual(self.register("192.0.2.1", name="one", invite_code=code).status, 201)
        self.assertEqual(self.register("192.0.2.2", name="two", inviteCode=code).status, 201)
        self.assert_error(self.register("192.0.2.3", name="three", invite_code=code), 403, "forbidden", "invite_code")
        listed = self.server.get("/v1/auth/invites", self.key("me"))
        self.assertNotIn(code.encode(), listed.body)
        one = next(one for one in listed.json["data"] if one["id"] == made.json["id"])
        self.assertEqual((one["used"], one["valid"], one["created_by"]), (2, False, "me"))
        signed_in_as(self.server, "one", "long enough")

    def test_an_invite_is_revoked(self):
        made = self.invite().json
        ended = self.server.ask("DELETE", "/v1/auth/invites/" + made["id"], None, self.key("me"))
        self.assertEqual(ended.json["valid"], False)
        self.assert_error(self.register("192.0.2.4", name="late", invite_code=made["code"]), 403, "forbidden",
                          "invite_code")

    def test_without_an_invite_nothing_is_told_of_names(self):
        self.assert_error(self.register("192.0.2.5"), 400, "bad_request", "invite_code")
        known, unknown = (self.register("192.0.2.6", name=name, invite_code="invite_guessed")
                          for name in ("ann", "xyz"))
        self.assertEqual(known.error, unknown.error)
        self.assert_error(known, 403, "forbidden", "invite_code")


class RegistrationByApproval(Registering):
    SETTINGS = Registering.settings("approval")

    def test_who_registers_waits_until_an_administrator_lets_them_in(self):
        answer = self.register("192.0.2.1")
        self.assertEqual((answer.status, answer.json), (202, {"status": "pending"}))
        self.assertEqual(Browser(self.server).sign_in("new", "long enough").status, 403)
        path = f"/v1/auth/users/{self.user_id('new')}/approve"
        self.assertEqual(self.server.post(path, {}, self.key("me")).status, 200)
        signed_in_as(self.server, "new", "long enough")

    def test_nobody_is_told_whether_a_name_is_taken(self):
        taken, free = self.register("192.0.2.2", name="ann"), self.register("192.0.2.3", name="free")
        self.assertEqual((taken.status, taken.json), (free.status, free.json))
        self.assertEqual(Browser(self.server).sign_in("ann", "long enough").status, 401)
        signed_in(self.server, "ann")


class Bootstrap(PeopleCase):
    SETTINGS = {"users": {"ann": {}}, "keys": {"me": {"level": "admin"}}, "setup_code": True,
                "server": {"require_auth": True, "trusted_proxies": ["127.0.0.1"], "registration_mode": "open"}}

    def bootstrap(self, code, address, name="first"):
        return self.server.post("/v1/auth/bootstrap", {"code": code, "name": name, "password": "long enough"},
                                {"X-Forwarded-For": address})

    def test_the_first_administrator_is_who_has_the_consoles_code_and_not_who_comes_first(self):
        code = pathlib.Path(self.server.folder.name, "setup_code").read_text()
        self.assertEqual(self.server.post("/v1/auth/register", {"name": "quick", "password": "long enough"},
                                          {"X-Forwarded-For": "192.0.2.1"}).status, 201)
        self.assertEqual(signed_in_as(self.server, "quick", "long enough").get("/v1/auth/users").status, 403)
        for wrong in ("", "x" * 43, code[:-1]):
            self.assert_error(self.bootstrap(wrong, "192.0.2.2"), 403, "forbidden", "code")
        answer = self.bootstrap(code, "192.0.2.3")
        self.assertEqual((answer.status, answer.json["level"]), (201, "admin"))
        self.assertEqual(signed_in_as(self.server, "first", "long enough").get("/v1/auth/users").status, 200)
        self.assert_error(self.bootstrap(code, "192.0.2.4", "second"), 403, "forbidden", "code")


class KeysOff(PeopleCase):
    SETTINGS = {"users": USERS, "keys": {"me": {"level": "admin"}}}

    def test_while_no_keys_are_asked_for_an_administrators_session_is_one_and_a_users_changes_nothing(self):
        root, ann = signed_in(self.server, "root"), signed_in(self.server, "ann")
        self.assertEqual(self.server.get("/v1/models").status, 200)
        self.assertEqual(root.get("/v1/auth/users").status, 200)
        self.assertEqual(ann.get("/v1/auth/users").status, 403)
        self.assertEqual(self.server.get("/v1/auth/users").status, 403)
        job = ann.post("/v1/jobs", BODY).json["id"]
        self.assertEqual(self.server.get("/v1/jobs/" + job).status, 200)
        self.assertEqual(ann.get("/v1/auth/me").json["name"], "ann")
        self.assert_error(self.server.get("/v1/auth/sessions"), 401, "unauthorized")


class NoAccounts(ServerCase):
    def test_a_server_without_accounts_says_so(self):
        self.assertEqual(self.server.get("/v1/auth/me").json["authenticated"], False)
        self.assert_error(self.server.post("/v1/auth/sessions", {"name": "x", "password": "y"}), 404, "not_found")


if __name__ == "__main__":
    unittest.main()
