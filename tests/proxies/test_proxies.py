"""The files that docs/proxy has for nginx and Caddy do what they are for, before the HTTP front."""

import http.client
import json
import os
import pathlib
import re
import socket
import ssl
import subprocess
import sys
import tempfile
import time
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/http"))
from server import PATIENCE, Answer, Server, wait_until  # noqa: E402

PACKAGES = pathlib.Path(os.environ["ALICE_PROXIES"])
NAME = "pictures.example"
SETTINGS = {"keys": {"ann": {}, "root": {"level": "admin"}}, "step_ms": 20,
            "server": {"require_auth": True, "trusted_proxies": ["127.0.0.1"], "allowed_hosts": [NAME],
                       "requests_per_minute": 0}}


def setUpModule():
    if not PACKAGES.exists():
        raise unittest.SkipTest("neither nginx nor Caddy could be had from Debian")


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return taken.getsockname()[1]


def replaced(text, *pairs):
    """Each of them must be there: the file that is tried is the one that people read."""
    for old, new in pairs:
        assert old in text, old
        text = text.replace(old, new)
    return text


def make_certificate(folder):
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                    "-days", "2", "-subj", f"/CN={NAME}", "-addext", f"subjectAltName=DNS:{NAME}",
                    "-keyout", folder / "key.pem", "-out", folder / "certificate.pem"], check=True, capture_output=True)


class ProxyCase:
    """What both must do. A subclass says how one is started."""

    @classmethod
    def setUpClass(cls):
        cls.server = Server(**SETTINGS)
        cls.temporary = tempfile.TemporaryDirectory()
        cls.folder = pathlib.Path(cls.temporary.name)
        make_certificate(cls.folder)
        cls.port = free_port()
        with open(cls.folder / "said", "wb") as said:
            cls.proxy = subprocess.Popen([str(word) for word in cls.command()], stdout=said, stderr=said,
                                         env={**os.environ, "HOME": cls.temporary.name})
        wait_until(cls.answers, "the proxy answers: " + (cls.folder / "said").read_text())

    @classmethod
    def tearDownClass(cls):
        cls.proxy.terminate()
        cls.proxy.wait(PATIENCE)
        cls.temporary.cleanup()
        assert cls.server.stop() == 0

    @classmethod
    def connect(cls):
        trusted = ssl.create_default_context(cafile=str(cls.folder / "certificate.pem"))
        link = http.client.HTTPSConnection(NAME, cls.port, timeout=PATIENCE, context=trusted)
        link.sock = trusted.wrap_socket(socket.create_connection(("127.0.0.1", cls.port), PATIENCE), server_hostname=NAME)
        return link

    @classmethod
    def answers(cls):
        try:
            return cls.ask("GET", "/livez").status == 200
        except OSError:
            return False

    @classmethod
    def ask(cls, method, path, body=None, key=None, headers=None):
        link = cls.connect()
        headers = {"Host": f"{NAME}:{cls.port}", **(headers or {})}
        if key:
            headers["Authorization"] = "Bearer " + cls.server.keys[key]
        if body is not None and not isinstance(body, bytes):
            body = json.dumps(body).encode()
            headers["Content-Type"] = "application/json"
        link.request(method, path, body, headers)
        answer = Answer(link.getresponse())
        link.close()
        return answer

    def test_pictures_have_the_address_that_the_client_called_and_can_be_fetched_there(self):
        made = self.ask("POST", "/v1/images/generations", {"prompt": "a cat", "response_format": "url"}, "ann").json
        url = made["data"][0]["url"]
        self.assertTrue(url.startswith(f"https://{NAME}:{self.port}/images/"), url)
        picture = self.ask("GET", url[url.index("/images/"):])
        self.assertEqual((picture.status, picture.body[:4]), (200, b"\x89PNG"))

    def test_nobody_gets_in_without_a_key(self):
        self.assertEqual(self.ask("GET", "/v1/jobs").status, 401)

    def test_events_come_as_they_happen(self):
        job = self.ask("POST", "/v1/jobs", {"prompt": "hold"}, "ann").json["id"]
        link = self.connect()
        link.request("GET", "/v1/events", headers={"Host": f"{NAME}:{self.port}",
                                                   "Authorization": "Bearer " + self.server.keys["ann"]})
        stream, begun = link.getresponse(), time.monotonic()
        while b"position" not in stream.readline():
            self.assertLess(time.monotonic() - begun, 5)  # the next beat comes after ten seconds
        self.assertEqual(self.ask("DELETE", "/v1/jobs/" + job, key="ann").json["id"], job)
        while b"done" not in stream.readline():
            self.assertLess(time.monotonic() - begun, 5)
        link.close()

    def test_a_large_picture_passes_and_a_body_that_is_too_large_is_refused(self):
        padding = json.dumps({"prompt": "a cat", "image": "A" * (20 << 20)}).encode()
        headers = {"Content-Type": "application/json"}
        answer = self.ask("POST", "/v1/jobs", padding, "ann", headers)
        self.assertEqual(answer.json["error"]["param"], "image", answer.body[:200])  # read whole, and no picture
        try:
            self.assertEqual(self.ask("POST", "/v1/jobs", b" " * (40 << 20), "ann", headers).status, 413)
        except (BrokenPipeError, ConnectionResetError, ssl.SSLError):
            pass  # cut off while it was sent

    def test_who_guesses_keys_cannot_hide_behind_an_address_of_its_own_making(self):
        answers = [self.ask("GET", "/v1/jobs", headers={"Authorization": "Bearer alice_wrong",
                                                        "X-Forwarded-For": f"203.0.113.{number}",
                                                        "Forwarded": f"for=203.0.113.{number}"}).status
                   for number in range(12)]
        self.assertEqual(answers.count(429), 2, answers)

    def test_a_prefix_or_host_of_the_clients_making_is_not_believed(self):
        made = self.ask("POST", "/v1/images/generations", {"prompt": "a cat", "response_format": "url"}, "ann",
                        {"X-Forwarded-Prefix": "/evil", "X-Forwarded-Host": "evil.example",
                         "X-Forwarded-Proto": "http"}).json
        self.assertTrue(made["data"][0]["url"].startswith(f"https://{NAME}:{self.port}/images/"), made)


class Nginx(ProxyCase, unittest.TestCase):
    @classmethod
    def command(cls):
        site = replaced((ROOT / "docs/proxy/nginx.conf").read_text(),
                        ("listen 443 ssl http2", f"listen 127.0.0.1:{cls.port} ssl http2"),
                        ("/etc/ssl/certs/pictures.example.pem", str(cls.folder / "certificate.pem")),
                        ("/etc/ssl/private/pictures.example.key", str(cls.folder / "key.pem")),
                        ("/var/log/nginx/alice.log", str(cls.folder / "access.log")),
                        ("127.0.0.1:8080", f"127.0.0.1:{cls.server.port}"))
        paths = "".join(f"{kind}_temp_path {cls.folder}/{kind};\n"
                        for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        (cls.folder / "nginx.conf").write_text(
            f"daemon off;\nmaster_process off;\npid {cls.folder}/pid;\nevents {{}}\nhttp {{\n{paths}{site}}}\n")
        return [PACKAGES / "usr/sbin/nginx", "-p", cls.folder, "-c", cls.folder / "nginx.conf", "-e", "stderr"]

    def test_the_log_has_neither_keys_nor_signatures(self):
        made = self.ask("POST", f"/k/{self.server.keys['ann']}/v1/images/generations",
                        {"prompt": "a cat", "response_format": "url"}).json
        url = made["data"][0]["url"]
        self.assertIn("?", url)
        self.ask("GET", url[url.index("/images/"):])
        log = (self.folder / "access.log").read_text()
        self.assertRegex(log, r'"GET /images/[0-9a-f]+-0\.png" 200')
        self.assertIsNone(re.search(r"alice_|/k/|\?", log), log)


class Caddy(ProxyCase, unittest.TestCase):
    @classmethod
    def command(cls):
        certificate = f"tls {cls.folder / 'certificate.pem'} {cls.folder / 'key.pem'}"
        site = replaced((ROOT / "docs/proxy/Caddyfile").read_text(),
                        ("\npictures.example {", f"\n{NAME}:{cls.port} {{\n\t{certificate}\n\tbind 127.0.0.1"),
                        ("127.0.0.1:8080", f"127.0.0.1:{cls.server.port}"))
        general = "{\n\tadmin off\n\tauto_https disable_redirects\n\tskip_install_trust\n}\n"
        (cls.folder / "Caddyfile").write_text(general + site)
        return [PACKAGES / "usr/bin/caddy", "run", "--adapter", "caddyfile", "--config", cls.folder / "Caddyfile"]


if __name__ == "__main__":
    unittest.main()
