"""Requests that are no requests: nothing of them ends the server or is a fault of its own."""

import contextlib
import gzip
import json
import random
import re
import socket
import unittest

from server import ServerCase, read_all

SEED = 20261122
MUTATIONS = 2500

GET = b"GET /health HTTP/1.1\r\nHost: localhost\r\nAccept: */*\r\n\r\n"
POST = (b"POST /v1/jobs HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 14\r\n\r\n"
        b'{"prompt":"x"}')
CHUNKED = (b"POST /v1/jobs HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
           b"Transfer-Encoding: chunked\r\n\r\n"
           b'5\r\n{"pro\r\n9;x=y\r\nmpt":"x"}\r\n0\r\nTrailer: z\r\n\r\n')

PIECES = [b"\r\n", b"\n", b"\r", b"\0", b" ", b"\t", b":", b"\xff", b"\x80", b"%", b"%00", b"%zz", b"/", b"//", b"../",
          b"HTTP/9.9", b"HTTP/1.0", b"HTTP/0.9", b"GET ", b"BREW ", b"Host: a\r\n", b"Content-Length: 5\r\n",
          b"Content-Length: -1\r\n", b"Content-Length: 18446744073709551615\r\n", b"Content-Length: 0x10\r\n",
          b"Transfer-Encoding: chunked\r\n", b"Transfer-Encoding: gzip\r\n", b"Connection: close\r\n",
          b"Upgrade: websocket\r\nConnection: Upgrade\r\n", b"Expect: 100-continue\r\n", b"0\r\n\r\n",
          b"ffffffffffffffff\r\n", b"X: " + b"y" * 5000 + b"\r\n", b"X" * 9000, b"{" * 200, b'"' * 3, b"\\u0000"]


def statuses(data):
    return [int(status) for status in re.findall(rb"HTTP/1\.1 (\d{3}) ", data)]


def mutated(source, dice):
    data = bytearray(source)
    for _ in range(dice.randint(1, 4)):
        at = dice.randrange(len(data) + 1)
        kind = dice.randrange(6)
        if kind == 0 and data:
            data[at % len(data)] = dice.randrange(256)
        elif kind == 1:
            del data[at:at + dice.randint(1, 12)]
        elif kind == 2:
            data[at:at] = dice.choice(PIECES)
        elif kind == 3:
            data[at:at] = data[dice.randrange(len(data) + 1):][:40]
        elif kind == 4:
            data = data[:at]
        else:
            data[at:at] = bytes(dice.randrange(256) for _ in range(dice.randint(1, 20)))
    return bytes(data)


class Malformed(ServerCase):
    SETTINGS = {"queue_size": 1000000}

    def end(self, data):
        """Sends, closes its own side, and reads what comes."""
        with self.server.socket() as link:
            try:
                link.sendall(data)
                link.shutdown(socket.SHUT_WR)
            except OSError:
                pass
            return read_all(link)

    def assert_refused(self, data, expected=(400,)):
        answer = self.server.raw(data)
        self.assertTrue(statuses(answer), (data[:200], answer))
        self.assertIn(statuses(answer)[-1], expected, (data[:200], answer))
        self.assertIn(b'{"error":{', answer)
        self.assertIn(b"x-request-id: ", answer)

    def test_no_mutation_of_a_request_is_a_fault_of_the_server(self):
        dice = random.Random(SEED)
        seen = set()
        for number in range(MUTATIONS):
            data = mutated(dice.choice((GET, POST, CHUNKED)), dice)
            found = statuses(self.end(data))
            seen.update(found)
            self.assertFalse([status for status in found if status == 500], (number, data))
            if number % 100 == 0:
                self.assertTrue(self.server.is_alive())
                self.assertEqual(self.server.get("/health").status, 200)
        self.assertLessEqual({200, 400}, seen)  # who half-closes hears nothing of what takes longer
        self.assertEqual(self.server.get("/health").status, 200)

    def test_what_two_readers_could_read_differently_is_refused(self):
        line, host, body = b"POST /v1/jobs HTTP/1.1\r\n", b"Host: localhost\r\n", b'\r\n\r\n{"prompt":"x"}'
        tail = b"\r\n\r\n0\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: localhost\r\n\r\n"
        vectors = [
            line + host + b"Content-Length: 14\r\nTransfer-Encoding: chunked" + tail,
            line + host + b"Transfer-Encoding: chunked\r\nContent-Length: 14" + tail,
            line + host + b"Content-Length: 14\r\nContent-Length: 15" + body,
            line + host + b"Content-Length: 14\r\nContent-Length: 14" + body,
            line + host + b"Content-Length: 14, 14" + body,
            line + host + b"Content-Length: +14" + body,
            line + host + b"Content-Length: -1" + body,
            line + host + b"Content-Length: 0x0e" + body,
            line + host + b"Content-Length: 1e1" + body,
            line + host + b"Content-Length: 9223372036854775808" + body,
            line + host + b"Content-Length: 18446744073709551616" + body,
            line + host + b"Content-Length : 14" + body,
            line + host + b"Transfer-Encoding : chunked" + tail,
            line + host + b"Transfer-Encoding: chunked, identity" + tail,
            line + host + b"Transfer-Encoding: identity, chunked" + tail,
            line + host + b"Transfer-Encoding: identity" + tail,
            line + host + b"Transfer-Encoding: gzip" + tail,
            line + host + b"Transfer-Encoding: xchunked" + tail,
            line + host + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked" + tail,
            line + host + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity" + tail,
            line + host + b'Transfer-Encoding: "chunked"' + tail,
            line + host + b"Transfer-Encoding:\x0bchunked" + tail,
            line + host + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n",
            line + host + b"Transfer-Encoding: chunked\r\n\r\n-1\r\n{}\r\n0\r\n\r\n",
            line + host + b"Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n{}\r\n0\r\n\r\n",
            line + b"Content-Length: 14" + body,
            line + host + host + b"Content-Length: 14" + body,
            line + b"Host: \r\nContent-Length: 14" + body,
            line + b"Host: a b\r\nContent-Length: 14" + body,
            line + b"Host: a/b\r\nContent-Length: 14" + body,
            line + b"Host: a@b\r\nContent-Length: 14" + body,
            b"GET /health HTTP/1.1\r\nHost: local\x00host\r\n\r\n",
            b"GET /he\x00alth HTTP/1.1\r\nHost: localhost\r\n\r\n",
            b"GET /health%00 HTTP/1.1\r\nHost: localhost\r\n\r\n",
            b"GET /health%zz HTTP/1.1\r\nHost: localhost\r\n\r\n",
            b"GET /health% HTTP/1.1\r\nHost: localhost\r\n\r\n",
            b"GET /%ff HTTP/1.1\r\nHost: localhost\r\n\r\n",
            b"GET /%c0%af HTTP/1.1\r\nHost: localhost\r\n\r\n",
            b"GET * HTTP/1.1\r\nHost: localhost\r\n\r\n",
            b"GET /health HTTP/1.1\r\nHost: localhost\r\nX\x01: y\r\n\r\n",
            b"GET /health HTTP/1.1\r\nHost: localhost\r\n: y\r\n\r\n",
            b"GET /health HTTP/1.1\r\nHost: localhost\r\nX: a\x7fb\r\n\r\n",
        ]
        self.assertGreaterEqual(len(vectors), 40)
        for vector in vectors:
            self.assert_refused(vector)
            self.assertNotIn(b"smuggled", self.server.raw(vector))

    def test_other_protocols_are_refused(self):
        websocket = (b"GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
                     b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n")
        self.assert_refused(websocket, (501,))
        before = self.server.resident_bytes()
        self.assert_refused(websocket + b"\x82\x7f\x00\x00\x00\x00\xc0\x00\x00\x00", (400, 501))  # "3 GiB follow"
        self.assertLess(self.server.grown_by(before), 64 << 20)
        self.assert_refused(b"GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n",
                            (501,))
        self.assert_refused(b"CONNECT localhost:80 HTTP/1.1\r\nHost: localhost\r\n\r\n", (400, 405))
        self.assert_refused(b"TRACE /health HTTP/1.1\r\nHost: localhost\r\n\r\n", (405,))

    def test_a_body_in_a_coding_is_refused_by_its_name(self):
        packed = gzip.compress(b'{"prompt":"x"}')
        answer = self.server.post("/v1/jobs", packed, {"Content-Encoding": "gzip"})
        self.assert_error(answer, 415, "unsupported_media_type")
        self.assertIn("'gzip'", answer.error["message"])
        self.assertEqual(answer.headers["accept-encoding"], "identity")
        self.assertEqual(self.server.post("/v1/jobs", {"prompt": "x"}, {"Content-Encoding": "identity"}).status, 202)

    def test_whoever_waits_for_100_continue_hears_it_or_the_refusal(self):
        head = POST[:POST.index(b"Content-Length")] + b"Expect: 100-continue\r\nContent-Length: %d\r\n\r\n"
        with self.server.socket() as link:
            link.sendall(head % 14)
            self.assertEqual(link.recv(4096), b"HTTP/1.1 100 Continue\r\n\r\n")
            link.sendall(b'{"prompt":"x"}')
            self.assertEqual(statuses(link.recv(4096)), [202])
        with self.server.socket() as link:
            link.sendall(head % 40_000_000)
            self.assertEqual(statuses(read_all(link)), [413])

    def test_a_body_too_long_for_its_route_is_refused_when_it_has_come(self):
        for path, limit in (("/v1/jobs", 32 << 20), ("/v1/images/generations", 2 << 20),
                            ("/v1/chat/completions", 8 << 20), ("/v1/models/refresh", 64 << 10)):
            with contextlib.closing(self.server.connect()) as link:
                answer = self.server.ask("POST", path, b"x" * (limit + 1), connection=link)
                self.assert_error(answer, 413, "request_too_large")
                self.assertIn(str(limit), answer.error["message"])
                # It was read over, so the connection goes on.
                self.assertEqual(self.server.ask("GET", "/health", connection=link).status, 200)
        self.assert_error(self.server.post("/v1/nothing", b"x" * 100_000), 404, "not_found")

    def test_two_requests_at_once_are_answered_in_order(self):
        found = self.server.raw(GET + GET.replace(b"/health", b"/nothing") +
                                GET.replace(b"Accept: */*", b"Connection: close"))
        self.assertEqual(statuses(found), [200, 404, 200])

    def test_http_1_0_is_answered(self):
        found = self.server.raw(b"GET /health HTTP/1.0\r\nHost: localhost\r\n\r\n")
        self.assertEqual(statuses(found), [200])

    def test_urls_of_any_length(self):
        for size in (1000, 8000, 8191, 8192, 8193, 20_000, 60_000, 70_000, 100_000, 200_000):
            for path in (b"/" + b"a" * size, b"/v1/models/" + b"a" * size, b"/health?" + b"a" * size,
                         b"/images/" + b"%41" * (size // 3), b"/v1/jobs/" + b"/" * size):
                found = statuses(self.server.raw(b"GET " + path + b" HTTP/1.1\r\nHost: localhost\r\n"
                                                 b"Connection: close\r\n\r\n"))
                self.assertTrue(set(found) <= {200, 400, 404, 414}, (size, found))
                if len(path) > 8192:
                    self.assertEqual(found, [414])
            self.assertEqual(self.server.get("/health").status, 200)

    def test_headers_of_any_number_and_length(self):
        for count, size, expected in ((90, 10, 200), (101, 10, 431), (900, 10, 431), (2000, 10, 431), (1, 30_000, 200),
                                      (1, 40_000, 431), (1, 70_000, 431), (1, 200_000, 431)):
            fields = b"".join(b"X%d: " % k + b"y" * size + b"\r\n" for k in range(count))
            found = statuses(self.server.raw(GET[:-2] + fields + b"Connection: close\r\n\r\n"))
            if found:  # a client that still sends may not hear the last words
                self.assertEqual(found, [expected], (count, size))

    def test_json_that_costs_more_than_it_says(self):
        deep = b"[" * 100_000
        for body in (deep, b'{"prompt":' + deep + b"]" * 100_000 + b"}", b'{"a":' * 100_000,
                     b'{"prompt":"x","loras":[' + b"{}," * 300_000 + b"{}]}", b"[" + b"1," * 1_000_000 + b"1]",
                     b"{" + b",".join(b'"k%d":1' % k for k in range(9000)) + b"}",
                     b'{"prompt":"x","' + b"k" * 500_000 + b'":1}',
                     b'{"prompt":"x","' + b"k" * 1_000_000 + b'":1}', b'{"prompt":"\\ud800"}', b'{"prompt":"\xff"}',
                     b'{"prompt":"x"} trailing', b'{"prompt":"x"', b"", b"null", b"[]", b'"x"', b"NaN", b"\0",
                     b'{"steps":1e400,"prompt":"x"}', b'{"prompt":"x\0"}'):
            answer = self.server.post("/v1/jobs", body)
            self.assertEqual(answer.status, 400, body[:80])
            self.assertLess(len(answer.body), 10_000)

    def test_long_prompts(self):
        for size, status in ((100_000, 202), (100_001, 400), (500_000, 400)):
            answer = self.server.post("/v1/jobs", {"prompt": "x" * size})
            self.assertEqual(answer.status, status)
            if status == 400:
                self.assert_error(answer, 400, "bad_request", "prompt")
        self.assert_error(self.server.post("/v1/chat/completions",
                                           {"messages": [{"role": "user", "content": "x" * 500_000}]}),
                          400, "bad_request", "messages[0].content")
        # Escapes are six times as long as what they stand for.
        escaped = b'{"prompt":"' + b"\\u0061" * 100_000 + b'","negative_prompt":"' + b"\\u0062" * 100_000 + b'"}'
        self.assertEqual(self.server.post("/v1/jobs", escaped).status, 202)
        answer = self.server.post("/v1/jobs", {"prompt": "x" * 700_000})
        self.assert_error(answer, 400, "bad_request")
        self.assertIn("600,000", answer.error["message"])

    def test_sizes_of_nothing_and_of_everything(self):
        for size in ("0x0", "0x512", "100000x100000", "512x", "x512", "512", "-1x5", "512x512x512", "1e3x512", "axb",
                     "9" * 400 + "x1", "512X512", ""):
            self.assert_error(self.server.post("/v1/images/generations", {"prompt": "x", "size": size}), 400,
                              "bad_request", "size")
        for side in (0, 100_000):
            self.assert_error(self.server.post("/v1/jobs", {"prompt": "x", "width": side}), 400, "bad_request", "width")


class SmallBodies(ServerCase):
    SETTINGS = {"server": {"max_body_mb": 0.01}}

    def test_a_body_may_have_its_limit_and_no_byte_more(self):
        limit = int(0.01 * (1 << 20))
        for chunked in (False, True):
            for size, expected in ((limit - 1, 202), (limit, 202), (limit + 1, 413)):
                body = json.dumps({"prompt": "x"}).encode().ljust(size)
                head = POST[:POST.index(b"Content-Length")] + b"Connection: close\r\n"
                if chunked:
                    data = head + b"Transfer-Encoding: chunked\r\n\r\n%x\r\n" % size + body + b"\r\n0\r\n\r\n"
                else:
                    data = head + b"Content-Length: %d\r\n\r\n" % size + body
                self.assertEqual(statuses(self.server.raw(data)), [expected], (chunked, size))

    def test_a_body_beyond_all_reason_is_not_read(self):
        found = self.server.raw(POST.replace(b"Content-Length: 14", b"Content-Length: 9000000000"))
        self.assertEqual(statuses(found), [413])


if __name__ == "__main__":
    unittest.main()
