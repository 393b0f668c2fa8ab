"""The HTTP front over a fake job service, started and spoken to (tests/http/test_server.cpp)."""

import http.client
import json
import os
import pathlib
import resource
import socket
import subprocess
import tempfile
import time
import unittest

PROGRAM = os.environ["ALICE_HTTP_TEST_SERVER"]
SANITIZED = os.environ.get("ALICE_SANITIZED") == "ON"  # sanitizers keep freed memory: it cannot be counted
PATIENCE = 60  # seconds: for what must happen, however slow the machine is


class Answer:
    def __init__(self, response):
        self.status = response.status
        self.headers = {name.lower(): value for name, value in response.getheaders()}
        self.body = response.read()

    @property
    def json(self):
        return json.loads(self.body)

    @property
    def error(self):
        return self.json["error"]


class Server:
    """One process. Settings: see test_server.cpp."""

    def __init__(self, nofile=None, **settings):
        self.folder = tempfile.TemporaryDirectory()
        limit = None if nofile is None else lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (nofile, nofile))
        self.process = subprocess.Popen(
            [PROGRAM, self.folder.name, json.dumps(settings)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, preexec_fn=limit)
        line = self.process.stdout.readline().decode()
        if not line.startswith("port "):
            said = self.process.stderr.read().decode()
            self.stop()
            raise RuntimeError("the test server did not start: " + said)
        self.port = int(line.split()[1])
        keys = pathlib.Path(self.folder.name, "keys.json")
        self.keys = json.loads(keys.read_text()) if keys.exists() else {}

    def connect(self, timeout=PATIENCE):
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)

    def socket(self, timeout=PATIENCE):
        return socket.create_connection(("127.0.0.1", self.port), timeout=timeout)

    def ask(self, method, path, body=None, headers=None, connection=None):
        """`body`: bytes as they are, anything else as JSON."""
        headers = dict(headers or {})
        if body is not None and not isinstance(body, bytes):
            body = json.dumps(body).encode()
        if body is not None:
            headers.setdefault("Content-Type", "application/json")
        own = connection or self.connect()
        own.request(method, path, body, headers)
        answer = Answer(own.getresponse())
        if connection is None:
            own.close()
        return answer

    def get(self, path, headers=None):
        return self.ask("GET", path, headers=headers)

    def post(self, path, body, headers=None):
        return self.ask("POST", path, body, headers)

    def raw(self, data, timeout=PATIENCE):
        """Sends bytes and returns all that comes until the connection ends, or until `timeout` of silence."""
        with self.socket(timeout) as link:
            try:
                link.sendall(data)
                return read_all(link)
            except (BrokenPipeError, ConnectionResetError):
                return b""

    def is_alone(self):
        """No connection is open but the one that asks."""
        return b"alice_http_connections 1\n" in self.get("/metrics", {"Accept": "text/plain"}).body

    def is_alive(self):
        return self.process.poll() is None

    def resident_bytes(self):
        with open(f"/proc/{self.process.pid}/statm") as statm:
            return int(statm.read().split()[1]) * os.sysconf("SC_PAGESIZE")

    def grown_by(self, before):
        """Bytes of memory since `before`, a value of resident_bytes()."""
        return 0 if SANITIZED else self.resident_bytes() - before

    def stop(self):
        """Ends it and returns its exit code."""
        self.process.stdin.close()
        code = self.process.wait(PATIENCE)
        self.process.stdout.close()
        self.process.stderr.close()
        self.folder.cleanup()
        return code


def read_all(link):
    data = b""
    while True:
        try:
            part = link.recv(65536)
        except (socket.timeout, ConnectionResetError):
            return data
        if not part:
            return data
        data += part


def wait_until(condition, what):
    deadline = time.monotonic() + PATIENCE
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError("did not happen: " + what)
        time.sleep(0.02)


class ServerCase(unittest.TestCase):
    """A test case with a server of its own; SETTINGS may be overridden."""

    SETTINGS = {}

    @classmethod
    def setUpClass(cls):
        cls.server = Server(**cls.SETTINGS)

    @classmethod
    def tearDownClass(cls):
        code = cls.server.stop()
        if code != 0:
            raise AssertionError(f"the server ended with {code}")

    def assert_error(self, answer, status, code, param=None):
        self.assertEqual(answer.status, status, answer.body)
        error = answer.error
        self.assertLessEqual({"message", "type", "param", "code"}, set(error))
        self.assertEqual(error["code"], code, error)
        self.assertEqual(error["param"], param, error)
        self.assertTrue(error["message"])
        self.assertIn("x-request-id", answer.headers)
        self.assertIn(answer.headers["x-should-retry"], ("true", "false"))
