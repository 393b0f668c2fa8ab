"""Where a request ends: 109 requests that a lenient reader and a strict one would read differently, each with the right
answers. RFC 9112 says what is right; STRICTER are those that it, or node 20's parser (llhttp in its strict mode, asked on
the same bytes), would let us take and that are refused all the same."""

import re
import socket
import unittest

from server import ServerCase

LIVE, NEXT = b"GET /livez HTTP/1.1\r\nHost: localhost\r\n", b"GET /nothing HTTP/1.1\r\nHost: localhost\r\n\r\n"
POST = b"POST /v1/jobs HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
BODY = b'{"prompt":"x"}'
CHUNKED = POST + b"Transfer-Encoding: chunked\r\n\r\n"
TAKEN, REFUSED = [202, 404], [400]  # the second is NEXT's


def length(text, body=BODY):
    return POST + b"Content-Length: " + text + b"\r\n\r\n" + body + NEXT


def coding(text):
    return POST + b"Transfer-Encoding: " + text + b"\r\n\r\ne\r\n" + BODY + b"\r\n0\r\n\r\n" + NEXT


def chunks(text):
    return CHUNKED + text.replace(b"{}", BODY) + NEXT


def field(text):
    return LIVE + text + b"\r\n\r\n"


def first_line(text):
    return text + b"\r\nHost: localhost\r\n\r\n"


# name: (bytes, statuses of the answers; after the last refusal the connection ends)
VECTORS = {
    "plain": (LIVE + b"\r\n", [200]),
    "length and coding": (POST + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + NEXT, REFUSED),
    "coding and length": (POST + b"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n" + NEXT, REFUSED),
    "length twice": (length(b"14\r\nContent-Length: 14"), REFUSED),
    "two lengths": (length(b"14\r\nContent-Length: 0"), REFUSED),
    "list of lengths": (length(b"14, 14"), REFUSED),
    "length +14": (length(b"+14"), REFUSED),
    "length 0xe": (length(b"0xe"), REFUSED),
    "length -1": (length(b"-1"), REFUSED),
    "length in blanks": (length(b" 14 "), TAKEN),
    "length 14 3": (length(b"14 3"), REFUSED),
    "length 2^64": (length(b"18446744073709551616"), REFUSED),
    "length 2^64+14": (length(b"18446744073709551630"), REFUSED),
    "length 2^63": (length(b"9223372036854775808"), REFUSED),
    "length 0014": (length(b"0014"), TAKEN),
    "length empty": (length(b""), REFUSED),
    "coding xchunked": (coding(b"xchunked"), REFUSED),
    "coding chunked, identity": (coding(b"chunked, identity"), REFUSED),
    "coding identity": (coding(b"identity"), REFUSED),
    "coding gzip, chunked": (coding(b"gzip, chunked"), REFUSED),
    "coding chunked, chunked": (coding(b"chunked, chunked"), REFUSED),
    "coding in quotes": (coding(b'"chunked"'), REFUSED),
    "coding CHUNKED": (coding(b"CHUNKED"), TAKEN),
    "coding chunked;x=1": (coding(b"chunked;x=1"), REFUSED),
    "coding behind a tab": (coding(b"\tchunked"), TAKEN),
    "coding behind a vertical tab": (coding(b"\x0bchunked"), REFUSED),
    "coding with NUL": (coding(b"chunked\x00"), REFUSED),
    "coding empty": (coding(b""), REFUSED),
    "coding chunked,": (coding(b"chunked,"), REFUSED),
    "two codings": (coding(b"chunked\r\nTransfer-Encoding: x"), REFUSED),
    "coding, blank, colon": (POST + b"Transfer-Encoding : chunked\r\n\r\ne\r\n" + BODY + b"\r\n0\r\n\r\n" + NEXT, REFUSED),
    "length, blank, colon": (POST + b"Content-Length : 14\r\n\r\n" + BODY + NEXT, REFUSED),
    "coding continued": (coding(b"\r\n chunked"), REFUSED),
    "field continued": (field(b"X: a\r\n b"), REFUSED),
    "blank before the first field": (b"GET /livez HTTP/1.1\r\n Host: a\r\nHost: localhost\r\n\r\n", REFUSED),
    "line feeds alone": (b"GET /livez HTTP/1.1\nHost: localhost\n\n", REFUSED),
    "line feed alone at the end": (LIVE + b"\n", REFUSED),
    "line feed alone in between": (b"GET /livez HTTP/1.1\r\nHost: localhost\nX: b\r\n\r\n", REFUSED),
    "carriage return alone in between": (b"GET /livez HTTP/1.1\r\nHost: localhost\rX: b\r\n\r\n", REFUSED),
    "carriage return in a value": (field(b"X: a\rb"), REFUSED),
    "line feed that hides a coding": (POST + b"X: y\nTransfer-Encoding: chunked\r\nContent-Length: 14\r\n\r\n" + BODY + NEXT,
                                      REFUSED),
    "NUL in a value": (field(b"X: a\x00b"), REFUSED),
    "NUL in a name": (field(b"X\x00: b"), REFUSED),
    "no colon": (field(b"X"), REFUSED),
    "no name": (field(b": x"), REFUSED),
    "no host": (b"GET /livez HTTP/1.1\r\n\r\n", REFUSED),
    "two hosts": (field(b"Host: b"), REFUSED),
    "a whole URL": (first_line(b"GET http://evil/livez HTTP/1.1"), [200]),  # this path is answered under every name
    "an authority": (b"CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n" + NEXT, [405]),
    "GET *": (first_line(b"GET * HTTP/1.1"), REFUSED),
    "HTTP/1.0": (first_line(b"GET /livez HTTP/1.0"), [200]),
    "HTTP/1.0, kept, with a coding": (b"POST /v1/jobs HTTP/1.0\r\nHost: localhost\r\nConnection: keep-alive\r\n"
                                      b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + NEXT, REFUSED),
    "HTTP/0.9": (b"GET /livez\r\n\r\n", REFUSED),
    "HTTP/1.2": (first_line(b"GET /livez HTTP/1.2"), [505]),
    "HTTP/2.0": (first_line(b"GET /livez HTTP/2.0"), [505]),
    "HTTP/11.1": (first_line(b"GET /livez HTTP/11.1"), REFUSED),
    "HTTP/1.1x": (first_line(b"GET /livez HTTP/1.1x"), REFUSED),
    "http/1.1": (first_line(b"GET /livez http/1.1"), REFUSED),
    "two blanks": (first_line(b"GET  /livez  HTTP/1.1"), REFUSED),
    "tabs": (first_line(b"GET\t/livez\tHTTP/1.1"), REFUSED),
    "blank at the line's end": (first_line(b"GET /livez HTTP/1.1 "), REFUSED),
    "blank in the target": (first_line(b"GET /li vez HTTP/1.1"), REFUSED),
    "get": (first_line(b"get /livez HTTP/1.1"), [405]),
    "an empty line first": (b"\r\n\r\n" + LIVE + b"\r\n", [200]),
    "a line feed first": (b"\n" + LIVE + b"\r\n", REFUSED),
    "GET with a length": (LIVE + b"Content-Length: %d\r\n\r\n" % len(NEXT) + NEXT, [200]),
    "GET with a coding": (LIVE + b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + NEXT, [200, 404]),
    "HEAD with a body": (LIVE.replace(b"GET", b"HEAD") + b"Content-Length: %d\r\n\r\n" % len(NEXT) + NEXT, [200]),
    "extension": (chunks(b"e;a=b\r\n{}\r\n0\r\n\r\n"), TAKEN),
    "extension with a line feed": (chunks(b"e;a\nb\r\n{}\r\n0\r\n\r\n"), REFUSED),
    "extension with a line in quotes": (chunks(b'e;a="\r\n"\r\n{}\r\n0\r\n\r\n'), REFUSED),
    "size 0xe": (chunks(b"0xe\r\n{}\r\n0\r\n\r\n"), REFUSED),
    "size +e": (chunks(b"+e\r\n{}\r\n0\r\n\r\n"), REFUSED),
    "size -1": (chunks(b"-1\r\n{}\r\n0\r\n\r\n"), REFUSED),
    "size, blank": (chunks(b"e \r\n{}\r\n0\r\n\r\n"), REFUSED),
    "blank, size": (chunks(b" e\r\n{}\r\n0\r\n\r\n"), REFUSED),
    "size e_": (chunks(b"e_\r\n{}\r\n0\r\n\r\n"), REFUSED),
    "chunks in line feeds": (chunks(b"e\n{}\n0\n\n"), REFUSED),
    "no line's end behind the data": (chunks(b"e\r\n{}0\r\n\r\n"), REFUSED),
    "two letters behind the data": (chunks(b"e\r\n{}XX0\r\n\r\n"), REFUSED),
    "size of 17 digits": (chunks(b"ffffffffffffffff0\r\n{}\r\n0\r\n\r\n"), REFUSED),
    "size that wraps": (chunks(b"1000000000000000e\r\n{}\r\n0\r\n\r\n"), REFUSED),
    "size with 1,000 zeros": (chunks(b"0" * 1000 + b"e\r\n{}\r\n0\r\n\r\n"), REFUSED),
    "carriage return at the end": (chunks(b"e\r\n{}\r\n0\r\n\r"), REFUSED),
    "trailer": (chunks(b"e\r\n{}\r\n0\r\nX: y\r\n\r\n"), TAKEN),
    "trailer with a length": (chunks(b"e\r\n{}\r\n0\r\nContent-Length: 5\r\n\r\n"), REFUSED),
    "trailer with a host": (chunks(b"e\r\n{}\r\n0\r\nHost: evil\r\n\r\n"), REFUSED),
    "trailer with a coding": (chunks(b"e\r\n{}\r\n0\r\nTransfer-Encoding: chunked\r\n\r\n"), REFUSED),
    "trailer with a control character": (chunks(b"e\r\n{}\r\n0\r\nX: \x01\r\n\r\n"), REFUSED),
    "no size": (chunks(b"\r\n{}\r\n0\r\n\r\n"), REFUSED),
    "extension of 20 kB": (chunks(b"e;" + b"a" * 20000 + b"\r\n{}\r\n0\r\n\r\n"), REFUSED),
    "extension of 1 MB": (chunks(b"e;" + b"a" * 1000000 + b"\r\n{}\r\n0\r\n\r\n"), REFUSED),
    "upgrade to h2c": (LIVE + b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n\r\n" + NEXT,
                       [501]),
    "connection: upgrade alone": (LIVE + b"Connection: upgrade\r\n\r\n" + NEXT, [200, 404]),
    "close, and one more": (LIVE + b"Connection: close\r\n\r\n" + NEXT, [200]),
    "preface of HTTP/2": (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", [505]),
    "TLS": (bytes.fromhex("16030100a5010000a10303") + b"\0" * 150, REFUSED),
    "100-continue": (POST + b"Expect: 100-continue\r\nContent-Length: 14\r\n\r\n" + BODY + NEXT, [100, 202, 404]),
    "another expectation": (POST + b"Expect: 200-ok\r\nContent-Length: 14\r\n\r\n" + BODY + NEXT, [417]),
    "Content_Length": (POST + b"Content_Length: 2\r\nContent-Length: 14\r\n\r\n" + BODY + NEXT, TAKEN),
    "bytes above 127 in a value": (field(b"X: \xff\xfe"), [200]),
    "DEL in a value": (field(b"X: \x7f"), REFUSED),
    "host with a slash": (b"GET /livez HTTP/1.1\r\nHost: a/b\r\n\r\n", REFUSED),
    "host with @": (b"GET /livez HTTP/1.1\r\nHost: a@b\r\n\r\n", REFUSED),
    "host empty": (b"GET /livez HTTP/1.1\r\nHost:\r\n\r\n", REFUSED),
    "method of 300 letters": (first_line(b"A" * 300 + b" /livez HTTP/1.1"), REFUSED),
    "PROPFIND": (first_line(b"PROPFIND /livez HTTP/1.1"), [405]),
    "three at once": ((LIVE + b"\r\n") * 3, [200] * 3),
    "fifty at once": ((LIVE + b"\r\n") * 50, [200] * 50),
}
STRICTER = {"length 2^63", "coding gzip, chunked", "two hosts", "an authority", "GET *", "HTTP/1.0, kept, with a coding",
            "HTTP/0.9", "HTTP/2.0", "two blanks", "get", "a line feed first", "size with 1,000 zeros", "trailer with a host",
            "upgrade to h2c", "host with a slash", "host with @", "host empty", "PROPFIND"}
REFUSALS = (400, 405, 413, 414, 417, 431, 501, 505)


class Smuggling(ServerCase):
    SETTINGS = {"queue_size": 1000000}

    def talk(self, data, wait):
        """All that comes within `wait` seconds of silence, and whether the connection was ended."""
        with self.server.socket(wait) as link:
            link.sendall(data)
            found = b""
            while True:
                try:
                    part = link.recv(65536)
                except socket.timeout:
                    return found, False
                except ConnectionResetError:
                    return found, True
                if not part:
                    return found, True
                found += part

    def test_each_vector_has_its_answers(self):
        self.assertEqual(len(VECTORS), 109)
        for name, (data, expected) in VECTORS.items():
            is_refused = expected[-1] in REFUSALS and (expected[-1] != 405 or name == "an authority")
            # A connection that must be ended is waited for; one that goes on is left after a moment of silence.
            found, is_ended = self.talk(data, 30 if is_refused else 0.3)
            statuses = [int(status) for status in re.findall(rb"HTTP/1\.1 (\d{3}) ", found)]
            if len(statuses) < len(expected):  # a moment was too short here
                found, is_ended = self.talk(data, 5)
                statuses = [int(status) for status in re.findall(rb"HTTP/1\.1 (\d{3}) ", found)]
            self.assertEqual(statuses, expected, (name, found))
            if is_refused:
                self.assertTrue(is_ended, name)
                self.assertIn(b'{"error":{', found, name)
                self.assertIn(b"x-request-id: ", found, name)
        self.assertLess(STRICTER, set(VECTORS))

    def test_many_at_once_are_all_answered_in_order(self):
        paths = [b"/livez", b"/nothing", b"/health", b"/v1/models", b"/openapi.json"]
        data = b"".join(b"GET " + paths[k % 5] + b" HTTP/1.1\r\nHost: localhost\r\nx-request-id: r%d\r\n\r\n" % k
                        for k in range(200))
        found, _ = self.talk(data, 2)
        ids = [int(number) for number in re.findall(rb"x-request-id: r(\d+)\r\n", found)]
        self.assertEqual(ids, list(range(200)))

    def test_what_comes_behind_a_refusal_is_no_request(self):
        data = LIVE + b"\r\n" + POST + b"Content-Length: x\r\n\r\n" + NEXT * 50
        found, is_ended = self.talk(data, 30)
        self.assertEqual(re.findall(rb"HTTP/1\.1 (\d{3}) ", found), [b"200", b"400"])
        self.assertTrue(is_ended)


if __name__ == "__main__":
    unittest.main()
