"""Who may: every route with every kind of key, each way to show one, other people's jobs, signed URLs, proxies."""

import base64
import re
import time
import unittest

from people import signed_in
from server import Server, ServerCase
from test_job_events import Stream

BODY = {"prompt": "a cat"}
CHAT = {"messages": [{"role": "user", "content": "a cat"}]}
KEYS = {"ann": {}, "bob": {}, "old": {"expires_in": -1}, "gone": {"revoked": True}, "root": {"level": "admin"},
        "eyes": {"user": "ann", "scopes": "read"}, "librarian": {"scopes": "read models:write"}}
KEYS_ON = {"keys": KEYS, "server": {"require_auth": True}}
WALK_ON = {**KEYS_ON, "users": {"Uma": {}, "Ada": {"level": "admin"}}}
REFUSED = (401, 403)
ADMINISTRATORS = {"deleteModel", "deleteLora"}  # also while no keys are asked for


def bearer(key):
    return {} if key is None else {"Authorization": "Bearer " + key}


def basic(pair):
    return {"Authorization": "Basic " + base64.b64encode(pair.encode()).decode()}


def path_of(url):
    return url[url.index("/images/"):]


class KeysCase(ServerCase):
    def call(self, method, path, key=None, body=None, headers=None):
        """`key`: by its name."""
        shown = bearer(self.server.keys[key]) if key else {}
        return self.server.ask(method, path, body, {**shown, **(headers or {})})

    def made(self, key):
        """A finished job of `key`, as its owner sees it."""
        return self.call("POST", "/v1/images/generations", key, BODY).json["job"]


class Levels(KeysCase):
    """Callers: nobody, five keys, and two who are signed in. A cookie of a session that ended is as good as none."""

    SETTINGS = {**WALK_ON, "server": {"require_auth": True, "registration_mode": "open"}}

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.signed_in = {name: signed_in(cls.server, name) for name in ("Uma", "Ada")}
        cls.signed_in["out"] = signed_in(cls.server, "Uma")
        kept = dict(cls.signed_in["out"].cookies)
        cls.signed_in["out"].ask("DELETE", "/v1/auth/sessions/current")
        cls.signed_in["out"].cookies = kept

    def operations(self):
        """(method, path, the level for keys and for sessions, security)"""
        for path, item in self.server.get("/openapi.json").json["paths"].items():
            for method, operation in item.items():
                levels = [next((way[name][0] for way in operation["security"] if name in way), "anonymous")
                          for name in ("bearer", "session")]
                yield method.upper(), path, levels, operation["security"]

    def attempts(self, method, path):
        """(who, answer); the job and the picture are Ann's."""
        for who in (None, "gone", "old", "ann", "bob", "root", "Uma", "Ada", "out"):
            job = self.made("ann")
            picture = path_of(self.call("GET", "/v1/jobs/" + job, "ann").json["images"][0]["url"])
            real = path.replace("/v1/models/{id}", "/v1/models/sd/emoji").replace("{id}", job)
            real = real.replace("/images/{file}", picture.partition("?")[0])
            if path == "/v1/events":  # which has no end
                method = "HEAD"
            body = None if method != "POST" else CHAT if "chat" in path else BODY
            if who in self.signed_in:
                yield who, self.signed_in[who].ask(method, real, body)
            else:
                yield who, self.call(method, real, who, body)

    def expected(self, levels, who, is_anns):
        of_keys, of_sessions = levels
        level = of_sessions if who in self.signed_in else of_keys
        if level == "anonymous":
            return None
        if who in (None, "gone", "old", "out"):
            return 401
        if level == "admin":
            return None if who in ("root", "Ada") else 403
        return 404 if is_anns and who in ("bob", "Uma") else None

    def test_every_route_lets_in_whom_the_description_names_and_nobody_else(self):
        levels = set()
        for method, path, both, _ in self.operations():
            levels.add(both[0])
            is_anns = path.startswith(("/v1/jobs/{", "/images/{"))
            for who, answer in self.attempts(method, path):
                with self.subTest(method=method, path=path, levels=both, who=who):
                    wanted = self.expected(both, who, is_anns)
                    if wanted is None:
                        self.assertNotIn(answer.status, (*REFUSED, 429, 500), answer.body)
                    else:
                        self.assertEqual(answer.status, wanted, answer.body)
                    self.assertEqual("www-authenticate" in answer.headers, answer.status == 401)
        self.assertEqual(levels, {"anonymous", "user", "admin"})

    def test_the_ways_that_are_described_are_all_the_ways(self):
        schemes = self.server.get("/openapi.json").json["components"]["securitySchemes"]
        for _, path, levels, security in self.operations():
            if levels != ["anonymous", "anonymous"]:
                named = {name for way in security for name in way}
                self.assertEqual(named | {"signedUrl"}, set(schemes), path)
                self.assertEqual("signedUrl" in named, path == "/images/{file}")

    def test_what_is_open_is_open(self):
        opened = {(method, path) for method, path, levels, _ in self.operations() if "anonymous" in levels}
        looked_at = {"/", "/web/{file}", "/health", "/livez", "/readyz", "/openapi.json", "/v1/auth/me",
                     "/v1/auth/registration-mode"}
        written = {"/v1/auth/sessions", "/v1/auth/register", "/v1/auth/bootstrap"}
        self.assertEqual(opened, {("GET", path) for path in looked_at} | {("POST", path) for path in written})

    def test_a_key_does_not_do_what_is_for_people_unless_it_is_an_administrators(self):
        people = {path for _, path, levels, _ in self.operations() if levels == ["admin", "user"]}
        self.assertEqual(people, {"/v1/auth/sessions", "/v1/auth/sessions/{id}", "/v1/auth/password",
                                  "/v1/auth/keys", "/v1/auth/keys/generate", "/v1/auth/keys/{id}",
                                  "/v1/auth/keys/{id}/revoke"})

    def test_the_docs_are_open(self):
        self.assertEqual(self.server.get("/docs").status, 200)
        self.assertEqual(self.server.get("/api/health").status, 200)


class Showing(KeysCase):
    SETTINGS = {**KEYS_ON, "api_key": "a-word-of-mine"}

    def status(self, headers, path="/v1/models"):
        return self.server.get(path, headers).status

    def test_a_key_may_be_shown_in_each_way_and_not_in_the_query(self):
        key = self.server.keys["ann"]
        for headers in (bearer(key), {"X-Api-Key": key}, {"X-Admin-Key": key}, basic("any:" + key), basic(":" + key)):
            self.assertEqual(self.status(headers), 200, headers)
        self.assertEqual(self.status({}, f"/k/{key}/v1/models"), 200)
        self.assertEqual(self.status({}, f"/v1/models?key={key}"), 401)
        self.assertEqual(self.status({}, f"/v1/models?api_key={key}"), 401)

    def test_what_clients_make_of_an_empty_setting_is_nobody(self):
        for headers in ({"Authorization": ""}, {"Authorization": "Basic "}, basic(":"), basic("undefined"),
                        {"X-Api-Key": ""}):
            answer = self.server.get("/v1/models", headers)
            self.assert_error(answer, 401, "unauthorized")
            self.assertIn("a key is needed", answer.error["message"])
            self.assertEqual(self.status(headers, "/health"), 200)

    def test_the_configurations_key_is_a_users(self):
        for headers in (bearer("a-word-of-mine"), {"X-Api-Key": "a-word-of-mine"}):
            self.assertEqual(self.status(headers), 200)
        self.assert_error(self.server.ask("POST", "/v1/plugins/reload", headers=bearer("a-word-of-mine")), 403,
                          "forbidden")

    def test_an_administrators_key_is_not_taken_from_a_path(self):
        answer = self.server.get(f"/k/{self.server.keys['root']}/v1/models")
        self.assert_error(answer, 403, "forbidden")
        self.assertIn("path", answer.error["message"])

    def test_a_scope_is_kept_to(self):
        self.assertEqual(self.call("GET", "/v1/jobs", "eyes").status, 200)
        answer = self.call("POST", "/v1/jobs", "eyes", BODY)
        self.assert_error(answer, 403, "forbidden")
        self.assertIn("'generate'", answer.error["message"])
        self.assertEqual(self.call("POST", "/v1/models/refresh", "librarian").status, 200)
        self.assertEqual(self.call("POST", "/v1/plugins/reload", "librarian").status, 403)

    def test_no_body_of_a_stranger_is_kept(self):
        large = {"prompt": "x" * 100_000}
        self.assert_error(self.call("POST", "/v1/jobs", None, large), 401, "unauthorized")
        self.assertEqual(self.call("POST", "/v1/jobs", "ann", large).status, 202)

    def test_no_answer_repeats_a_key(self):
        key = self.server.keys["gone"]
        for answer in (self.server.get("/v1/models", bearer(key)), self.server.get(f"/k/{key}/nothing"),
                       self.server.get(f"/k/{key}/v1/models"), self.server.ask("PUT", f"/k/{key}/v1/models")):
            self.assertGreaterEqual(answer.status, 400)
            self.assertNotIn(key[15:58].encode(), answer.body)


class WrongKeys(KeysCase):
    SETTINGS = {"keys": KEYS, "api_key": "a-word-of-mine",
                "server": {"require_auth": True, "trusted_proxies": ["127.0.0.0/8"]}}

    def ask(self, key, address):
        return self.server.get("/v1/models", {**bearer(key), "X-Forwarded-For": address})

    def test_ten_wrong_keys_a_minute_may_come_from_an_address(self):
        good = self.server.keys["ann"]
        wrong = [good[:-1] + ("a" if good[-1] != "a" else "b"), "sk-dummy", self.server.keys["gone"],
                 self.server.keys["old"], ""]
        for key, words in zip(wrong, ("mistyped", "none of this server's", "revoked", "expired", "is needed")):
            answer = self.ask(key, "192.0.2.1")
            self.assert_error(answer, 401, "unauthorized")
            self.assertIn(words, answer.error["message"])
        for _ in range(8):  # a key that once was right is no guess
            self.assertEqual(self.ask("sk-dummy", "192.0.2.1").status, 401)
        answer = self.ask("sk-dummy", "192.0.2.1")
        self.assert_error(answer, 429, "rate_limited")
        self.assertIn(answer.headers["retry-after"], "123456")
        # Neither does the word that could be guessed help now, but a key that cannot be; and nobody else is kept out.
        self.assertEqual(self.ask("a-word-of-mine", "192.0.2.1").status, 429)
        self.assertEqual(self.ask(good, "192.0.2.1").status, 200)
        self.assertEqual(self.ask("a-word-of-mine", "192.0.2.2").status, 200)
        self.assertEqual(self.server.get("/health", {"X-Forwarded-For": "192.0.2.1"}).status, 200)

    def test_a_subscriber_of_ipv6_is_one_however_many_addresses_it_has(self):
        for i in range(10):
            self.assertEqual(self.ask("sk-dummy", f"2001:db8:1:2::{i}").status, 401)
        self.assertEqual(self.ask("sk-dummy", "2001:db8:1:2:9::9").status, 429)
        self.assertEqual(self.ask("sk-dummy", "2001:db8:1:3::1").status, 401)


class Owners(KeysCase):
    SETTINGS = KEYS_ON

    def test_other_peoples_jobs_and_pictures_are_not_there(self):
        job = self.made("ann")
        picture = path_of(self.call("GET", "/v1/jobs/" + job, "ann").json["images"][0]["url"]).partition("?")[0]
        for method, path in (("GET", "/v1/jobs/" + job), ("DELETE", "/v1/jobs/" + job),
                             ("GET", f"/v1/jobs/{job}/events"), ("GET", picture)):
            self.assert_error(self.call(method, path, "bob"), 404, "not_found")
            for who in ("eyes", "root"):  # another key of Ann's; and who sees all
                if method == "GET":
                    self.assertEqual(self.call(method, path, who).status, 200, (path, who))

        def listed(who):
            return {one["id"] for one in self.call("GET", "/v1/jobs", who).json["data"]}
        self.assertNotIn(job, listed("bob"))
        for who in ("ann", "eyes", "root"):
            self.assertIn(job, listed(who))


class SignedUrls(KeysCase):
    SETTINGS = {"keys": KEYS, "server": {"require_auth": True, "signed_url_minutes": 5}}

    def test_the_urls_of_every_door_can_be_fetched_without_a_key(self):
        images = self.call("POST", "/v1/images/generations", "ann", BODY).json
        chat = self.call("POST", "/v1/chat/completions", "ann", CHAT).json
        job = self.call("GET", "/v1/jobs/" + images["job"], "ann").json
        events = self.call("GET", f"/v1/jobs/{images['job']}/events", "ann").body.decode()
        listed = self.call("GET", "/v1/jobs?limit=1", "ann").json["data"][0]
        urls = [images["data"][0]["url"], chat["choices"][0]["message"]["image_urls"][0], job["images"][0]["url"],
                listed["images"][0]["url"], re.search(r'"url":"([^"]*)"', events)[1]]
        for url in urls:
            self.assertRegex(url, r"\?e=\d+&k=\d+&s=[\w-]{22}$")
            self.assertLessEqual(abs(int(re.search(r"e=(\d+)", url)[1]) - time.time() - 300), 30)
            answer = self.server.get(path_of(url))
            self.assertEqual((answer.status, answer.headers["content-type"]), (200, "image/png"))
            self.assertRegex(answer.headers["cache-control"], r"^private, max-age=(2[5-9]\d|300)$")
            self.assertEqual(answer.headers["referrer-policy"], "no-referrer")

    def test_a_signature_is_of_one_picture_and_of_nothing_else(self):
        url, other = (path_of(self.call("POST", "/v1/images/generations", "ann", BODY).json["data"][0]["url"])
                      for _ in range(2))
        query = url.partition("?")[2]
        answers = [self.server.get(path) for path in (other.partition("?")[0] + "?" + query, url[:-1], url + "&x=1",
                                                      url.replace("e=", "e=9"), url.partition("?")[0] + "?s=")]
        for answer in answers:
            self.assert_error(answer, 403, "forbidden")
            self.assertEqual(answer.error["message"], answers[0].error["message"])
        self.assertEqual(self.server.get("/v1/jobs?" + query).status, 401)
        self.assertEqual(self.server.get(url.partition("?")[0]).status, 401)
        kept = self.server.get(url)
        again = self.server.get(url, {"If-None-Match": kept.headers["etag"]})
        self.assertEqual((again.status, again.headers["referrer-policy"]), (304, "no-referrer"))


class KeysOff(KeysCase):
    SETTINGS = {"keys": KEYS}

    def test_everything_is_open_to_everybody_whatever_key_a_client_made_up(self):
        for headers in ({}, bearer("sk-no-key-needed"), basic("user:password")):
            self.assertEqual(self.server.post("/v1/jobs", BODY, headers).status, 202)
            self.assertEqual(self.server.get("/metrics", headers).status, 200)
        for path, item in self.server.get("/openapi.json").json["paths"].items():
            for operation in item.values():
                # Who somebody is, is always asked under /v1/auth.
                if not path.startswith("/v1/auth") and operation["operationId"] not in ADMINISTRATORS:
                    self.assertEqual(operation["security"], [])

    def test_a_users_key_makes_nobody_another(self):
        job = self.call("POST", "/v1/jobs", "ann", BODY).json["id"]
        self.assertEqual(self.server.get("/v1/jobs/" + job).status, 200)

    def test_urls_of_pictures_are_plain(self):
        self.assertNotIn("?", self.server.post("/v1/images/generations", BODY).json["data"][0]["url"])

    def test_what_is_an_administrators_needs_the_key_of_one(self):
        self.assert_error(self.server.ask("POST", "/v1/plugins/reload"), 403, "forbidden")
        self.assert_error(self.call("POST", "/v1/plugins/reload", "ann"), 403, "forbidden")
        self.assertEqual(self.call("POST", "/v1/plugins/reload", "root").status, 200)
        self.assertEqual(self.server.ask("POST", "/v1/models/refresh").status, 200)

    def test_what_comes_by_a_proxy_is_refused(self):
        for name in ("Forwarded", "X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Host", "Via"):
            for path in ("/v1/models", "/health", "/"):
                answer = self.server.get(path, {name: "1.1 proxy"})
                self.assert_error(answer, 403, "forbidden")
                for word in ("server.require_auth", "server.trusted_proxies"):
                    self.assertIn(word, answer.error["message"])
            self.assertEqual(self.server.get("/livez", {name: "1.1 proxy"}).status, 200)


class Proxies(KeysCase):
    SETTINGS = {"keys": KEYS, "server": {"require_auth": True, "trusted_proxies": ["127.0.0.1", "10.0.0.0/8"],
                                         "allowed_hosts": ["pictures.example"]}}
    TOLD = {"X-Forwarded-Proto": "https", "X-Forwarded-Host": "pictures.example", "X-Forwarded-Prefix": "/alice"}

    def test_urls_are_what_the_client_called(self):
        url = self.call("POST", "/v1/images/generations", "ann", BODY, self.TOLD).json["data"][0]["url"]
        self.assertTrue(url.startswith("https://pictures.example/alice/images/"), url)
        self.assertEqual(self.server.get(path_of(url)).status, 200)

    def test_a_host_that_the_server_has_not_is_refused(self):
        self.assert_error(self.call("GET", "/v1/models", "ann", None, {"X-Forwarded-Host": "evil.example"}), 403,
                          "forbidden")
        self.assert_error(self.call("GET", "/v1/models", "ann", None, {"X-Forwarded-Host": "a b"}), 400, "bad_request")


class Strangers(KeysCase):
    SETTINGS = {"keys": KEYS, "server": {"require_auth": True, "trusted_proxies": ["10.0.0.0/8"]}}

    def test_what_others_tell_does_not_count(self):
        url = self.call("POST", "/v1/images/generations", "ann", BODY, Proxies.TOLD).json["data"][0]["url"]
        self.assertTrue(url.startswith("http://127.0.0.1:"), url)


class Limits(KeysCase):
    SETTINGS = {"keys": KEYS, "server": {"require_auth": True, "requests_per_minute": 5}}

    def test_a_key_may_be_used_so_often_and_answers_say_what_is_left(self):
        for left in (4, 3, 2, 1, 0):
            answer = self.call("GET", "/v1/jobs", "ann")
            self.assertEqual(answer.status, 200)
            self.assertEqual(answer.headers["ratelimit-policy"], '"requests";q=5;w=60')
            self.assertRegex(answer.headers["ratelimit"], rf'^"requests";r={left};t=\d+$')
            self.assertEqual(answer.headers["x-ratelimit-remaining-requests"], str(left))
        refused = self.call("GET", "/v1/jobs", "ann")
        self.assert_error(refused, 429, "rate_limited")
        self.assertIn("server.requests_per_minute", refused.error["message"])
        self.assertTrue(1 <= int(refused.headers["retry-after"]) <= 12)
        self.assertEqual(refused.headers["x-should-retry"], "true")
        self.assertEqual(refused.headers["x-ratelimit-limit-requests"], "5")
        self.assertEqual(self.call("GET", "/v1/jobs", "eyes").status, 200)  # Ann's too, but another key
        self.assertEqual(self.call("GET", "/health").status, 200)
        for _ in range(7):
            administrators = self.call("GET", "/v1/jobs", "root")
            self.assertEqual(administrators.status, 200)
            self.assertNotIn("ratelimit", administrators.headers)

    def test_nobody_is_limited_while_no_keys_are_asked_for(self):
        server = Server(server={"requests_per_minute": 1})
        for _ in range(3):
            self.assertEqual(server.get("/v1/jobs").status, 200)
        self.assertEqual(server.stop(), 0)


class Events(KeysCase):
    SETTINGS = KEYS_ON

    def test_a_stream_of_all_jobs_has_the_callers_alone(self):
        with Stream(self.server, headers=bearer(self.server.keys["ann"])) as stream:
            bobs, anns = self.made("bob"), self.made("ann")
            stream.wait("done", anns)
            self.assertNotIn(bobs, str(stream.seen))
        with Stream(self.server, headers=bearer(self.server.keys["root"])) as stream:
            job = self.made("bob")
            stream.wait("done", job)

    def test_a_stream_ends_soon_after_its_key_is_revoked(self):
        with Stream(self.server, headers=bearer(self.server.keys["eyes"])) as stream:
            key = self.server.keys["eyes"].split("_")[1]
            revoked = self.server.ask("DELETE", "/v1/auth/keys/" + key, headers=bearer(self.server.keys["root"]))
            self.assertEqual(revoked.status, 200, revoked.body)
            stream.response.read()  # to its end, which comes with the next beat
            self.assertEqual(self.call("GET", "/v1/events", "eyes").status, 401)


if __name__ == "__main__":
    unittest.main()
