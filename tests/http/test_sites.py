"""Who may make a browser call the server: Origin, Host, Sec-Fetch-Site, content types, CORS."""

import unittest

from server import ServerCase

BODY = {"prompt": "x"}
POSTS = ("/v1/images/generations", "/v1/chat/completions", "/v1/jobs", "/v1/models/refresh")


class Sites(ServerCase):
    SETTINGS = {"server": {"allowed_hosts": ["alice.example", "Other.Example:8443"],
                           "cors_origins": ["https://app.example", "http://localhost:3000"],
                           "public_url": "https://pictures.example/base/"}}

    def post(self, headers, body=BODY, path="/v1/jobs"):
        return self.server.post(path, body, headers)

    def test_own_names_and_addresses_are_own(self):
        for host in ("localhost", "LOCALHOST:8080", "127.0.0.1", "192.168.1.7:80", "[::1]:8080", "[fe80::1]",
                     "alice.example", "ALICE.example:99", "other.example", "pictures.example"):
            self.assertEqual(self.post({"Host": host}).status, 202, host)

    def test_foreign_hosts_are_refused(self):
        for host in ("evil.example", "localhost.evil.example", "alice.example.evil", "127.0.0.1.evil.example",
                     "evil.example:8080", "2130706433.evil", "127.0.0.1evil"):
            for path in POSTS:
                self.assert_error(self.post({"Host": host}, path=path), 403, "forbidden")
            self.assert_error(self.server.get("/v1/jobs", {"Host": host}), 403, "forbidden")
            self.assert_error(self.server.get("/v1/jobs/" + "0" * 32, {"Host": host}), 403, "forbidden")
            self.assert_error(self.server.get("/images/" + "0" * 32 + "-0.png", {"Host": host}), 403, "forbidden")

    def test_only_livez_answers_under_every_name(self):
        foreign = {"Host": "alice-service:8080"}
        self.assertEqual(self.server.get("/livez", foreign).status, 200)
        for path in ("/health", "/api/health", "/readyz", "/metrics", "/v1/models", "/v1/models/sd/emoji", "/v1/plugins",
                     "/v1/generation/defaults", "/openapi.json", "/nothing"):
            self.assert_error(self.server.get(path, foreign), 403, "forbidden")
            self.assert_error(self.server.ask("PUT", path, headers=foreign), 403, "forbidden")

    def test_a_whole_url_names_the_host(self):
        for target, status in (("http://localhost/health", 200), ("http://evil.example/health", 403),
                               ("http://evil.example/livez", 200), ("https://alice.example/health", 200)):
            self.assertEqual(self.server.get(target, {"Host": "evil.example"}).status, status, target)
            self.assertEqual(self.server.get(target, {"Host": "localhost"}).status, status, target)
        answer = self.server.ask("POST", "http://127.0.0.1:5/v1/images/generations", BODY, {"Host": "localhost"})
        self.assertTrue(answer.json["data"][0]["url"].startswith("https://pictures.example/base/images/"))

    def test_a_host_that_is_none_is_refused(self):
        for host in ("[127.0.0.1", "[::1]evil.example", "127.0.0.1:evil", "[evil]", "localhost:99999", "localhost:80:80", "a b"):
            self.assert_error(self.server.get("/health", {"Host": host}), 400, "bad_request")

    def test_a_field_of_one_value_stands_once(self):
        for name, first, second in (("Origin", "https://app.example", "https://evil.example"),
                                    ("Content-Type", "application/json", "text/plain"),
                                    ("Authorization", "Bearer a", "Bearer b"), ("Host", "localhost", "localhost")):
            data = (f"POST /v1/jobs HTTP/1.1\r\nHost: localhost\r\n{name}: {first}\r\n{name}: {second}\r\n"
                    "Content-Length: 2\r\n\r\n{}").encode()
            self.assertTrue(self.server.raw(data).startswith(b"HTTP/1.1 400 "), name)

    def test_foreign_origins_are_refused(self):
        for origin in ("https://evil.example", "null", "https://app.example.evil", "http://app.example",
                       "https://app.example:444", "", "file://", "localhost"):
            for path in POSTS:
                self.assert_error(self.post({"Origin": origin}, path=path), 403, "forbidden")
            self.assert_error(self.server.ask("DELETE", "/v1/jobs/" + "0" * 32, headers={"Origin": origin}), 403,
                              "forbidden")

    def test_own_and_configured_origins_are_let_in(self):
        self.assertEqual(self.post({"Host": "localhost:8080", "Origin": "http://localhost:8080"}).status, 202)
        for origin in ("https://app.example", "http://localhost:3000"):
            answer = self.post({"Origin": origin})
            self.assertEqual(answer.status, 202)
            self.assertEqual(answer.headers["access-control-allow-origin"], origin)
            self.assertEqual(answer.headers["vary"], "Origin")
            self.assertIn("x-request-id", answer.headers["access-control-expose-headers"])
            self.assertNotIn("access-control-allow-credentials", answer.headers)

    def test_pages_of_the_public_url_are_own_behind_a_proxy_too(self):
        self.assertEqual(self.post({"Host": "127.0.0.1:8080", "Origin": "https://pictures.example"}).status, 202)
        for origin in ("http://pictures.example", "https://pictures.example:444", "https://pictures.example.evil"):
            self.assert_error(self.post({"Host": "127.0.0.1:8080", "Origin": origin}), 403, "forbidden")

    def test_another_port_of_this_machine_is_foreign(self):
        self.assert_error(self.post({"Host": "localhost:8080", "Origin": "http://localhost:9999"}), 403, "forbidden")

    def test_cross_site_requests_are_refused_whatever_the_origin_says(self):
        self.assert_error(self.post({"Sec-Fetch-Site": "cross-site"}), 403, "forbidden")
        self.assert_error(self.post({"Host": "localhost", "Origin": "http://localhost",
                                     "Sec-Fetch-Site": "cross-site"}), 403, "forbidden")
        self.assertEqual(self.post({"Sec-Fetch-Site": "cross-site", "Origin": "https://app.example"}).status, 202)
        self.assert_error(self.post({"Sec-Fetch-Site": "same-site"}), 403, "forbidden")
        for site in ("same-origin", "none"):
            self.assertEqual(self.post({"Sec-Fetch-Site": site}).status, 202)

    def test_what_a_form_can_send_is_no_request(self):
        for kind in ("application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "text/plain",
                     "text/plain;charset=UTF-8", "TEXT/PLAIN", "application/xml", "x"):
            for path in POSTS:
                takes_forms = path == "/v1/jobs" and kind.startswith("multipart")
                if not takes_forms:
                    self.assert_error(self.post({"Content-Type": kind}, path=path), 415, "unsupported_media_type")
        # Files come as forms to that one. Browsers say whose page sends one.
        form = {"Content-Type": "multipart/form-data; boundary=x"}
        self.assert_error(self.post(form), 400, "bad_request")
        for foreign in ({"Origin": "https://evil.example"}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"}):
            self.assert_error(self.post({**form, **foreign}), 403, "forbidden")
        for kind in ("application/json", "application/json; charset=utf-8", "Application/JSON"):
            self.assertEqual(self.post({"Content-Type": kind}).status, 202)

    def test_answers_to_others_bear_no_cors_headers(self):
        for headers in ({}, {"Origin": "https://evil.example"}):
            answer = self.server.get("/v1/models", headers)
            self.assertEqual(answer.status, 200)
            self.assertNotIn("access-control-allow-origin", answer.headers)
            self.assertEqual(answer.headers["vary"], "Origin")

    def test_errors_can_be_read_by_configured_pages(self):
        answer = self.post({"Origin": "https://app.example"}, {"steps": 0})
        self.assertEqual(answer.status, 400)
        self.assertEqual(answer.headers["access-control-allow-origin"], "https://app.example")

    def test_preflights(self):
        ask = {"Origin": "https://app.example", "Access-Control-Request-Method": "POST",
               "Access-Control-Request-Headers": "content-type"}
        answer = self.server.ask("OPTIONS", "/v1/images/generations", headers=ask)
        self.assertEqual((answer.status, answer.body), (204, b""))
        self.assertNotIn("content-length", answer.headers)
        self.assertEqual(answer.headers["access-control-allow-origin"], "https://app.example")
        self.assertEqual(answer.headers["access-control-allow-methods"], "POST, OPTIONS")
        self.assertIn("Content-Type", answer.headers["access-control-allow-headers"])
        # What the SDKs of these APIs send is theirs to name.
        ask["Access-Control-Request-Headers"] = "authorization,x-stainless-lang, x-stainless-retry-count ,bad name,\u00e4"
        answer = self.server.ask("OPTIONS", "/v1/images/generations", headers=ask)
        allowed = answer.headers["access-control-allow-headers"]
        self.assertIn("x-stainless-lang, x-stainless-retry-count", allowed)
        self.assertNotIn("bad", allowed)
        exposed = self.post({"Origin": "https://app.example"}).headers["access-control-expose-headers"]
        self.assertIn("x-should-retry", exposed)
        ask["Origin"] = "https://evil.example"
        answer = self.server.ask("OPTIONS", "/v1/images/generations", headers=ask)
        self.assertEqual(answer.headers["allow"], "POST, OPTIONS")
        self.assertFalse([name for name in answer.headers if name.startswith("access-control")])

    def test_options_names_the_methods(self):
        for path, allow in (("/health", "GET, HEAD, OPTIONS"), ("/v1/jobs", "POST, GET, HEAD, DELETE, OPTIONS"),
                            ("*", "GET, HEAD, POST, DELETE, OPTIONS")):
            answer = self.server.ask("OPTIONS", path)
            self.assertEqual((answer.status, answer.headers["allow"]), (204, allow))
        self.assert_error(self.server.ask("OPTIONS", "/nothing"), 404, "not_found")

    def test_pictures_urls_begin_with_the_public_url(self):
        url = self.server.post("/v1/images/generations", BODY).json["data"][0]["url"]
        self.assertTrue(url.startswith("https://pictures.example/base/images/"), url)


class Plain(ServerCase):
    def test_pictures_urls_begin_with_the_host_that_was_called(self):
        for host in ("localhost:1234", "127.0.0.1", "[::1]:80"):
            answer = self.server.post("/v1/images/generations", BODY, {"Host": host})
            self.assertTrue(answer.json["data"][0]["url"].startswith(f"http://{host}/images/"))

    def test_an_empty_origin_is_foreign(self):
        for origin in ("", "null", "://", "http://"):
            self.assert_error(self.server.post("/v1/jobs", BODY, {"Origin": origin}), 403, "forbidden")

    def test_without_configured_origins_no_answer_speaks_of_cors(self):
        answer = self.server.get("/health", {"Origin": "http://localhost:3000"})
        self.assertFalse([name for name in answer.headers if name.startswith("access-control") or name == "vary"])


class Strangers(ServerCase):
    def test_no_answer_tells_where_files_are(self):
        self.assertEqual(self.server.get("/v1/plugins").json["plugins"][0]["file"], "libplain.so")
        models = {model["id"]: model for model in self.server.get("/v1/models").json["data"]}
        self.assertEqual(models["sd/broken"]["unavailable"], "part.json: a part is missing")
        self.assertEqual(self.server.get("/v1/models/sd/broken").json["unavailable"], "part.json: a part is missing")
        page = self.server.get("/").body.decode()
        self.assertIn("part.json: a part is missing", page)
        self.assertNotIn("/home/ann", page)
        refusal = self.server.post("/v1/jobs", {"prompt": "x", "model": "sd/broken"})
        self.assertNotIn(b"/home/ann", refusal.body)


if __name__ == "__main__":
    unittest.main()
