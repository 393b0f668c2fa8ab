"""Many connections, slow ones, rude ones."""

import re
import resource
import socket
import struct
import time
import unittest

from server import PATIENCE, Server, ServerCase, read_all, wait_until

GET = b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n"


def reset(link):
    """Ends a connection by RST instead of FIN."""
    link.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    link.close()


def allow_files(count):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < count:
        raise unittest.SkipTest(f"this process may have {hard} files open, the test needs {count}")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, count), hard))


class Crowd(unittest.TestCase):
    def test_health_answers_while_2000_connections_are_slow(self):
        allow_files(3000)
        server = Server()
        self.addCleanup(server.stop)
        beginnings = (b"", b"GET /health HT", b"GET /health HTTP/1.1\r\nHost: local",
                      b"POST /v1/jobs HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000\r\n\r\n{", GET)
        before = server.resident_bytes()
        links = []
        try:
            for k in range(2000):
                link = server.socket()
                link.sendall(beginnings[k % len(beginnings)])
                links.append(link)
            for _ in range(20):
                start = time.monotonic()
                self.assertEqual(server.get("/health").status, 200)
                self.assertLess(time.monotonic() - start, PATIENCE / 2)
            self.assertLess(server.grown_by(before), 2000 * (16 << 10))
        finally:
            for link in links:
                link.close()
        wait_until(server.is_alone, "all connections are gone")
        self.assertEqual(server.stop(), 0)

    def test_few_files_are_no_end(self):
        server = Server(nofile=64)
        self.addCleanup(server.stop)
        for _ in range(5):
            links = [server.socket() for _ in range(200)]
            for link in links:
                link.close()

            def answers():
                try:
                    return server.get("/health").status == 200
                except OSError:
                    return False

            wait_until(answers, "the server answers again")
        self.assertEqual(server.stop(), 0)


class Limits(ServerCase):
    SETTINGS = {"server": {"max_connections": 20, "max_connections_per_address": 5}}

    def link_from(self, address):
        link = socket.socket()
        link.settimeout(PATIENCE)
        link.bind((address, 0))
        link.connect(("127.0.0.1", self.server.port))
        return link

    def wait_from(self, address):
        """A connection that waits for its answer: it cannot be ended in favour of another."""
        link = self.link_from(address)
        body = b'{"prompt":"hold"}'
        link.sendall(b"POST /v1/images/generations HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                     b"Content-Length: %d\r\n\r\n" % len(body) + body)
        return link

    def count_open(self):
        found = re.search(rb"alice_http_connections (\d+)", self.server.get("/metrics", {"Accept": "text/plain"}).body)
        return int(found[1])

    def count_jobs(self):
        return self.server.get("/metrics").json["queue_depth"] + self.server.get("/metrics").json["active_generations"]

    def is_let_in(self, address):
        with self.link_from(address) as link:
            return self.is_taken(link)

    def is_taken(self, link):
        try:
            link.sendall(GET.replace(b"/health", b"/v1/models"))
            return link.recv(4096).startswith(b"HTTP/1.1 200")
        except OSError:
            return False

    def test_an_address_has_its_share_and_no_more(self):
        links = [self.wait_from("127.0.0.2") for _ in range(5)]
        wait_until(lambda: self.count_jobs() == 5, "all of them wait")
        self.assertFalse(self.is_let_in("127.0.0.2"))
        self.assertTrue(self.is_let_in("127.0.0.3"))
        with self.link_from("127.0.0.2") as probe:  # who asks how the server is has a place all the same
            probe.sendall(GET)
            answer = read_all(probe)
            self.assertTrue(answer.startswith(b"HTTP/1.1 200 "), answer)
            self.assertIn(b"\r\nConnection: close\r\n", answer)
        for link in links:
            link.close()
        wait_until(lambda: self.is_let_in("127.0.0.2"), "the address is let in again")
        wait_until(lambda: self.count_jobs() == 0, "their jobs are cancelled")

    def test_connections_that_never_ask_give_way_to_those_that_do(self):
        silent = [self.link_from("127.0.0.%d" % (10 + k % 5)) for k in range(18)]
        for link in silent[::2]:
            link.sendall(GET[:30])
        wait_until(lambda: self.count_open() >= 18, "all of them are open")
        asking = [self.link_from("127.0.0.20") for _ in range(4)]
        for link in asking:
            self.assertTrue(self.is_taken(link))
        # The oldest of them were ended, those in the midst of a request with a word.
        answer = read_all(silent[0])
        self.assertTrue(answer.startswith(b"HTTP/1.1 503 "), answer)
        self.assertEqual(read_all(silent[1]), b"")
        for link in silent + asking:
            link.close()

    def test_when_all_places_are_taken_probes_are_answered(self):
        links = []
        for k in range(18):
            links.append(self.wait_from("127.0.0.%d" % (30 + k % 4)))
            wait_until(lambda: self.count_jobs() == len(links), "it waits")
        for _ in range(10):
            for path in ("/livez", "/health", "/readyz", "/metrics"):
                self.assertEqual(self.server.get(path).status, 200)
        answer = self.server.get("/v1/models")
        self.assert_error(answer, 503, "busy")
        self.assertIn("retry-after", answer.headers)
        for link in links:
            link.close()
        wait_until(lambda: self.is_let_in("127.0.0.30"), "there is room again")
        wait_until(lambda: self.count_jobs() == 0, "their jobs are cancelled")

    def test_connections_that_are_reset_at_once_use_nothing_up(self):
        for _ in range(100):
            link = self.link_from("127.0.0.4")
            reset(link)
        for _ in range(100):
            link = self.link_from("127.0.0.4")
            link.sendall(GET[:20])
            reset(link)
        wait_until(lambda: self.is_let_in("127.0.0.4"), "the server answers")

    def test_turning_away_uses_nothing_up(self):
        links = [self.wait_from("127.0.0.5") for _ in range(5)]
        wait_until(lambda: self.count_jobs() == 5, "all of them wait")
        for _ in range(50):
            self.link_from("127.0.0.5").close()
        for link in links:
            link.close()
        wait_until(lambda: self.is_let_in("127.0.0.5"), "the address is let in again")
        self.assertEqual(self.server.get("/health").status, 200)


class Patience(ServerCase):
    SETTINGS = {"server": {"read_timeout_s": 1}}

    def test_a_request_that_comes_too_slowly_is_answered_and_ended(self):
        with self.server.socket() as link:
            link.sendall(GET[:20])
            answer = read_all(link)
        self.assertTrue(answer.startswith(b"HTTP/1.1 408 "), answer)

    def test_an_idle_connection_is_ended_in_silence(self):
        with self.server.socket() as link:
            self.assertEqual(read_all(link), b"")

    def test_waiting_for_a_job_is_not_being_idle(self):
        body = b'{"prompt":"hold"}'
        with self.server.socket(timeout=4) as link:
            link.sendall(b"POST /v1/images/generations HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                         b"Content-Length: %d\r\n\r\n" % len(body) + body)
            with self.assertRaises(socket.timeout):
                link.recv(1)


class Memory(ServerCase):
    SETTINGS = {"server": {"max_body_mb": 2}}  # all unanswered requests together: 40 MiB

    def test_bodies_that_never_end_fill_no_memory(self):
        part = b"x" * (1 << 20)
        before = self.server.resident_bytes()
        links = []
        for _ in range(60):
            link = self.server.socket()
            links.append(link)
            try:
                link.sendall(b"POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                             b"Content-Length: %d\r\n\r\n" % (2 * len(part)))
                link.sendall(part[1:] + part[1:])
            except OSError:  # ended: there was no more room
                pass
        self.assertEqual(self.server.post("/v1/jobs", {"prompt": "x"}).status, 202)
        self.assertLess(self.server.grown_by(before), 100 << 20)
        for link in links:
            link.close()
        big = {"prompt": "x", "scheduler_options": {"note": "y" * 500_000}}
        wait_until(lambda: self.post_status(big) == 202, "there is room again")

    def post_status(self, body):
        try:
            return self.server.post("/v1/jobs", body).status
        except OSError:
            return None


class Port(unittest.TestCase):
    def test_a_taken_port_is_named(self):
        first = Server()
        self.addCleanup(first.stop)
        with self.assertRaisesRegex(RuntimeError, "server.port: .*127.0.0.1 port " + str(first.port)):
            Server(server={"port": first.port})
        with self.assertRaisesRegex(RuntimeError, "server.host: "):
            Server(server={"host": "203.0.113.1"})
        with self.assertRaisesRegex(RuntimeError, "server.host: 'here' is no IP address"):
            Server(server={"host": "here"})


if __name__ == "__main__":
    unittest.main()
