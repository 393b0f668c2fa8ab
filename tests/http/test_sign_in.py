"""Signing in: passwords, sessions, cookies, guessing, and what a browser shows by itself (CSRF)."""

import base64
import time
import unittest

from people import BODY, ON, Browser, PeopleCase, signed_in


class SignIn(PeopleCase):
    def test_who_has_the_password_gets_a_cookie_that_scripts_cannot_read_and_is_let_in_by_it(self):
        ann = Browser(self.server)
        self.assertEqual(ann.get("/v1/models").status, 401)
        answer = ann.sign_in("ann")
        self.assertEqual(answer.status, 201)
        cookie = answer.headers["set-cookie"]
        self.assertRegex(cookie, r"^alice_session=[0-9a-f]{16}_[\w-]{43}; Path=/; Max-Age=\d+; HttpOnly; SameSite=Lax$")
        self.assertNotIn(ann.cookies["alice_session"].encode(), answer.body)  # nor is it anywhere but in the cookie
        self.assertEqual(answer.json["sessionId"], answer.json["id"])
        self.assertEqual(answer.headers["cache-control"], "no-store")
        self.assertEqual(ann.get("/v1/models").status, 200)
        job = ann.post("/v1/images/generations", BODY).json["job"]
        self.assertEqual(ann.get("/v1/jobs/" + job).status, 200)
        self.assertEqual(signed_in(self.server, "bob").get("/v1/jobs/" + job).status, 404)
        self.assertEqual(signed_in(self.server, "root").get("/v1/jobs/" + job).status, 200)

    def test_me_tells_who_calls(self):
        nobody = self.server.get("/v1/auth/me").json
        self.assertEqual((nobody["authenticated"], nobody["access_level"], nobody["scopes"]), (False, "anonymous", ""))
        ann = signed_in(self.server, "ann").get("/v1/auth/me").json
        self.assertEqual((ann["authenticated"], ann["name"], ann["access_level"], ann["is_admin"], ann["scopes"]),
                         (True, "ann", "user", False, "read generate"))
        root = signed_in(self.server, "root").get("/v1/auth/me").json
        self.assertEqual((root["access_level"], root["is_admin"]), ("admin", True))
        key = self.server.get("/v1/auth/me", self.key("me")).json
        self.assertEqual((key["name"], key["session_id"], bool(key["key_id"])), ("me", None, True))

    def test_signing_out_ends_the_session_and_takes_the_cookie_away(self):
        ann = signed_in(self.server, "ann")
        kept = dict(ann.cookies)
        answer = ann.ask("DELETE", "/v1/auth/sessions/current")
        self.assertEqual(answer.status, 200)
        self.assertIn("Max-Age=0", answer.headers["set-cookie"])
        self.assertEqual(ann.cookies, {})
        ann.cookies = kept
        self.assertEqual(ann.get("/v1/models").status, 401)

    def test_own_sessions_are_listed_and_ended_and_nobody_elses(self):
        first, second, bob = (signed_in(self.server, name) for name in ("ann", "ann", "bob"))
        listed = first.get("/v1/auth/sessions").json["data"]
        self.assertEqual([one["current"] for one in listed].count(True), 1)
        theirs = second.get("/v1/auth/me").json["session_id"]
        self.assertIn(theirs, [one["id"] for one in listed])
        self.assertNotIn(theirs, [one["id"] for one in bob.get("/v1/auth/sessions").json["data"]])
        self.assertEqual(bob.ask("DELETE", "/v1/auth/sessions/" + theirs).status, 404)
        self.assertEqual(second.get("/v1/models").status, 200)
        self.assertEqual(first.ask("DELETE", "/v1/auth/sessions/" + theirs).status, 200)
        self.assertEqual(second.get("/v1/models").status, 401)
        self.assertEqual(first.get("/v1/models").status, 200)

    def test_who_waits_or_is_disabled_is_told_so_and_not_let_in(self):
        for name, words in (("eve", "not let you in yet"), ("old", "disabled")):
            answer = Browser(self.server).sign_in(name)
            self.assert_error(answer, 403, "forbidden")
            self.assertIn(words, answer.error["message"])

    def test_an_administrators_session_does_what_an_administrators_key_does(self):
        root, ann = signed_in(self.server, "root"), signed_in(self.server, "ann")
        self.assertEqual(root.post("/v1/plugins/reload").status, 200)
        self.assert_error(ann.post("/v1/plugins/reload"), 403, "forbidden")
        self.assertEqual(root.get("/v1/auth/users").status, 200)
        self.assert_error(ann.get("/v1/auth/users"), 403, "forbidden")

    def test_a_cookie_that_is_wrong_or_there_twice_is_nobody(self):
        ann = signed_in(self.server, "ann")
        text = ann.cookies["alice_session"]
        for cookie in (f"alice_session={text[:-1]}", f"alice_session={text}; alice_session={text}", "alice_session=",
                       f"__Host-alice_session={text}", f"alice_session={'0' * 16}{text[16:]}",
                       f"x=alice_session={text}"):
            self.assertEqual(self.server.get("/v1/models", {"Cookie": cookie}).status, 401, cookie)
        self.assertEqual(self.server.get("/v1/models", {"Cookie": f"a=b; alice_session={text} ; c"}).status, 200)

    def test_large_bodies_of_who_is_signed_in_are_read(self):
        ann = signed_in(self.server, "ann")
        self.assertEqual(ann.post("/v1/jobs", {"prompt": "x" * 50_000}).status, 202)


class Guessing(PeopleCase):
    SETTINGS = {**ON, "server": {"require_auth": True, "trusted_proxies": ["127.0.0.1"]}}

    def attempt(self, name, address, password="wrong password"):
        return self.server.post("/v1/auth/sessions", {"name": name, "password": password},
                                {"X-Forwarded-For": address})

    def test_an_address_has_few_guesses_and_right_passwords_cost_none(self):
        for _ in range(8):
            self.assertEqual(self.attempt("bob", "192.0.2.1", "password of bob").status, 201)
        for i in range(5):
            self.assert_error(self.attempt(f"name {i}", "192.0.2.1"), 401, "unauthorized")
        answer = self.attempt("bob", "192.0.2.1", "password of bob")
        self.assert_error(answer, 429, "rate_limited")
        self.assertGreater(int(answer.headers["retry-after"]), 0)
        self.assertEqual(self.attempt("bob", "192.0.2.2", "password of bob").status, 201)

    def test_a_name_has_few_guesses_from_wherever_they_come(self):
        for i in range(10):
            self.assert_error(self.attempt("ann", f"198.51.100.{i}"), 401, "unauthorized")
        self.assert_error(self.attempt("ann", "198.51.100.99", "password of ann"), 429, "rate_limited")
        self.assertEqual(self.attempt("bob", "198.51.100.99", "password of bob").status, 201)


class Names(Guessing):
    test_an_address_has_few_guesses_and_right_passwords_cost_none = None
    test_a_name_has_few_guesses_from_wherever_they_come = None

    def test_nothing_tells_whether_there_is_such_a_user(self):
        def words(answer):
            return answer.status, answer.error["message"], sorted(set(answer.headers) - {"date", "x-request-id"})
        names = ("ann", "nobody", "eve", "old")
        answers = [words(self.attempt(name, f"203.0.113.{i}")) for i, name in enumerate(names)]
        self.assertEqual(len(set(map(str, answers))), 1, answers)


class Timeout(PeopleCase):
    SETTINGS = {**ON, "server": {"require_auth": True, "session_timeout_seconds": 2}}  # less than may be configured

    def test_session_timeout_seconds_is_honoured_and_slides(self):
        ann = signed_in(self.server, "ann")
        self.assertEqual(ann.get("/v1/auth/me").json["session_timeout_seconds"], 2)
        for _ in range(3):
            time.sleep(1)
            self.assertEqual(ann.get("/v1/models").status, 200)
        time.sleep(3)
        self.assertEqual(ann.get("/v1/models").status, 401)


class Https(PeopleCase):
    SETTINGS = {**ON, "server": {"require_auth": True, "trusted_proxies": ["127.0.0.1"],
                                 "allowed_hosts": ["pictures.example"]}}
    TOLD = {"X-Forwarded-Proto": "https", "X-Forwarded-Host": "pictures.example"}

    def test_by_https_the_cookie_is_secure_and_this_hosts_alone(self):
        ann = Browser(self.server, self.TOLD)
        cookie = ann.sign_in("ann").headers["set-cookie"]
        self.assertRegex(cookie, r"^__Host-alice_session=\S+; Path=/; Max-Age=\d+; HttpOnly; SameSite=Lax; Secure$")
        self.assertEqual(ann.get("/v1/models").status, 200)
        self.assertEqual(ann.post("/v1/jobs", {"prompt": "x" * 50_000}).status, 202)
        plain = {"alice_session": ann.cookies["__Host-alice_session"]}  # as a neighbour could set it
        ann.cookies = plain
        self.assertEqual(ann.get("/v1/models").status, 401)


class CrossSiteRequestForgery(PeopleCase):
    """A page of another site makes a browser that is signed in here write something."""

    def attempts(self):
        own = f"http://127.0.0.1:{self.server.port}"
        wrong = [None, "null", "", "http://evil.example", f"https://127.0.0.1:{self.server.port}", "http://127.0.0.1",
                 f"http://127.0.0.1:{self.server.port + 1}", own + "/", own + ".evil.example"]
        return own, wrong

    def check(self, headers):
        own, wrong = self.attempts()
        for origin in wrong:
            more = {} if origin is None else {"Origin": origin}
            for method, path, body in (("POST", "/v1/jobs", BODY), ("DELETE", "/v1/jobs/" + "0" * 32, None),
                                       ("POST", "/v1/auth/keys/generate", {"name": "x"})):
                self.assert_error(self.server.ask(method, path, body, {**headers, **more}), 403, "forbidden")
            self.assertEqual(self.server.get("/v1/models", {**headers, **more}).status, 200)  # looking changes nothing
        # The negative control: the same with our own origin is let in.
        self.assertEqual(self.server.ask("POST", "/v1/jobs", BODY, {**headers, "Origin": own}).status, 202)

    def test_a_cookie_writes_from_our_own_origin_alone(self):
        ann = signed_in(self.server, "ann")
        self.check({"Cookie": "alice_session=" + ann.cookies["alice_session"]})

    def test_a_password_that_a_browser_holds_writes_from_our_own_origin_alone(self):
        basic = "Basic " + base64.b64encode(("any:" + self.server.keys["me"]).encode()).decode()
        self.check({"Authorization": basic, "User-Agent": "Mozilla/5.0 (X11)"})
        # Programs hold nothing that others can use, and name no origin.
        self.assertEqual(self.server.post("/v1/jobs", BODY, {"Authorization": basic}).status, 202)

    def test_a_key_is_not_held_by_a_browser(self):
        self.assertEqual(self.server.post("/v1/jobs", BODY, {**self.key("plain"), "User-Agent": "Mozilla/5.0"}).status,
                         202)

    def test_a_page_of_another_site_cannot_sign_a_browser_in(self):
        body = {"name": "ann", "password": "password of ann"}
        for more in ({"Origin": "http://evil.example"}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"}):
            self.assert_error(self.server.post("/v1/auth/sessions", body, more), 403, "forbidden")


class ConfiguredOrigins(PeopleCase):
    SETTINGS = {**ON, "server": {"require_auth": True, "cors_origins": ["https://app.example"]}}

    def test_configured_origins_may_not_use_what_a_browser_holds(self):
        ann = signed_in(self.server, "ann")
        answer = ann.ask("POST", "/v1/jobs", BODY, {"Origin": "https://app.example"})
        self.assert_error(answer, 403, "forbidden")
        self.assertNotIn("access-control-allow-credentials", answer.headers)
        by_key = {**self.key("plain"), "Origin": "https://app.example"}
        self.assertEqual(self.server.post("/v1/jobs", BODY, by_key).status, 202)


class Passwords(PeopleCase):
    def test_changing_ones_password_ends_all_other_sessions(self):
        here, there = signed_in(self.server, "bob"), signed_in(self.server, "bob")
        before = dict(here.cookies)
        answer = here.post("/v1/auth/password", {"password": "wrong one", "new_password": "a newer password"})
        self.assert_error(answer, 403, "forbidden", "password")
        answer = here.post("/v1/auth/password", {"password": "password of bob", "newPassword": "short"})
        self.assert_error(answer, 400, "bad_request", "newPassword")
        answer = here.post("/v1/auth/password", {"password": "password of bob", "newPassword": "a newer password"})
        self.assertEqual(answer.status, 200, answer.body)
        self.assertNotEqual(here.cookies, before)
        self.assertEqual(here.get("/v1/models").status, 200)
        self.assertEqual(there.get("/v1/models").status, 401)
        self.assertEqual(self.server.get("/v1/models", {"Cookie": "alice_session=" + before["alice_session"]}).status,
                         401)
        self.assertEqual(Browser(self.server).sign_in("bob").status, 401)
        self.assertEqual(Browser(self.server).sign_in("bob", "a newer password").status, 201)


if __name__ == "__main__":
    unittest.main()
