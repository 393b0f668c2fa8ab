#!/usr/bin/env python3
"""Keys as whoever runs the server makes and ends them: `alice keys`, beside a server that runs and without one."""

import json
import os
import pathlib
import re
import socket
import stat
import subprocess
import tempfile
import unittest

from alice_server import BUILD, Server, wait_until

ROOT = pathlib.Path(__file__).resolve().parents[2]

ON = "server: {require_auth: true, api_key: a-word-of-mine}\n"


def keys(data, *words, config=None):
    """(exit code, standard output, standard error)"""
    command = [BUILD / "alice", "keys", *words, "--data", data, *(["--config", config] if config else [])]
    run = subprocess.run([str(word) for word in command], capture_output=True, text=True, timeout=60)
    return run.returncode, run.stdout, run.stderr


def made(data, *words):
    code, out, said = keys(data, "create", *words)
    assert code == 0, said
    return out.strip()


class KeysTest(unittest.TestCase):
    def status(self, server, path, key=None, method="GET"):
        return server.call(method, path, headers={"Authorization": "Bearer " + key} if key else {})[0]

    def test_who_starts_it_reads_a_command_with_a_key_in_it(self):
        with Server(models=ROOT / "models", config=ON) as server:
            wait_until(lambda: "-H 'Authorization: Bearer KEY'" in server.log(), "the command to type")
            self.assertIn("alice keys create NAME", server.log())

    def test_the_first_administrators_key_is_made_before_the_server_runs_and_others_while_it_does(self):
        with tempfile.TemporaryDirectory() as folder:
            data = pathlib.Path(folder) / "data"
            root = made(data, "me", "--admin")
            self.assertRegex(root, r"^alice_[a-z2-7]{8}_[\w-]{43}_[a-z2-7]{4}$")
            with Server(data=data, config=ON) as server:
                for path in ("/v1/models", "/v1/jobs", "/metrics"):
                    self.assertEqual(self.status(server, path), 401)
                    self.assertEqual(self.status(server, path, root), 200)
                    self.assertEqual(self.status(server, path, "a-word-of-mine"), 200)
                self.assertEqual(self.status(server, "/health"), 200)
                ann = made(data, "Ann's laptop", "--user", "Ann", "--expires", "30")
                self.assertEqual(self.status(server, "/v1/models", ann), 200)
                self.assertEqual(self.status(server, "/v1/plugins/reload", ann, "POST"), 403)

                code, out, _ = keys(data, "list", "--json")
                rows = {row["name"]: row for row in json.loads(out)}
                self.assertEqual(code, 0)
                self.assertEqual((rows["me"]["level"], rows["Ann's laptop"]["user"]), ("admin", "Ann"))
                self.assertEqual(rows["Ann's laptop"]["scopes"], "read generate")
                self.assertAlmostEqual(rows["Ann's laptop"]["expires"] - rows["Ann's laptop"]["created"], 30 * 86400)
                self.assertIsNotNone(rows["Ann's laptop"]["last_used"])
                self.assertIn("Ann's laptop", keys(data, "list")[1])

                self.assertEqual(keys(data, "revoke", rows["Ann's laptop"]["id"])[0], 0)
                self.assertEqual(self.status(server, "/v1/models", ann), 401)
                code, _, said = keys(data, "revoke", "zzzzzzzz")
                self.assertEqual(code, 1)
                self.assertIn("there is no key of this id", said)
                self.assertEqual(self.status(server, "/v1/models", "alice_" + "x" * 57), 401)

                server.stop()
                log = server.log()
                for words in ("action=key.create", "action=key.revoke", "action=auth.fail", "result=revoked",
                              "result=mistyped"):
                    self.assertIn(words, log)
                for secret in (root[15:58], ann[15:58], "a-word-of-mine"):
                    self.assertNotIn(secret, log)
                    for file in data.rglob("*"):
                        if file.is_file():
                            self.assertNotIn(secret.encode(), file.read_bytes(), file)
                server.start()
                self.assertEqual(self.status(server, "/v1/models", ann), 401)
                self.assertEqual(self.status(server, "/v1/models", root), 200)
                server.stop()
            self.assertEqual(keys(data, "list")[0], 0)
            self.assertFalse((data / "control").exists())

    def test_the_socket_and_the_secrets_are_their_owners_alone(self):
        with Server(config=ON) as server:
            for name, kind in (("control", stat.S_ISSOCK), ("secrets/pepper", stat.S_ISREG),
                               ("accounts.sqlite", stat.S_ISREG)):
                mode = os.stat(server.data / name).st_mode
                self.assertTrue(kind(mode), name)
                self.assertEqual(stat.S_IMODE(mode), 0o600, name)
            for line, words in ((b"not JSON\n", b"error"), (b'{"do": "all"}\n', b"must be create, list or revoke"),
                                (b'{"do": "create"}\n', b"bad_request"), (b"[]\n", b"bad_request"),
                                (b'{"do": "create", "name": "a\\nb", "level": "user"}\n', b"must be a name")):
                here = os.getcwd()
                os.chdir(server.data)  # the path of a socket has little room
                try:
                    with socket.socket(socket.AF_UNIX) as link:
                        link.connect("control")
                        link.sendall(line)
                        self.assertIn(words, link.makefile("rb").readline(), line)
                finally:
                    os.chdir(here)
            self.assertEqual(self.status(server, "/v1/models", "a-word-of-mine"), 200)

    def test_a_server_that_others_could_reach_does_not_start_without_keys(self):
        for text, options, place in (("server: {host: 0.0.0.0}\n", (), "config.yaml:1:16"),
                                     ("", ("--host", "::"), "--host")):
            with tempfile.TemporaryDirectory() as folder:
                config = pathlib.Path(folder) / "config.yaml"
                config.write_text(text)
                command = [BUILD / "alice", "serve", "--port", "0", "--data", folder, "--config", config, *options]
                run = subprocess.run(command, capture_output=True, text=True, timeout=60)
                self.assertEqual(run.returncode, 3, run.stderr)
                self.assertRegex(run.stderr, re.escape(place) + r": .*server\.require_auth: true")

    def test_commands_that_have_no_keys_to_work_on_say_so(self):
        with tempfile.TemporaryDirectory() as folder:
            for words in (("list",), ("revoke", "abcdefgh")):
                code, _, said = keys(pathlib.Path(folder) / "none", *words)
                self.assertEqual(code, 1)
                self.assertIn("alice keys create", said)
            self.assertEqual(os.listdir(folder), [])
            code, _, said = keys(folder, "create", "a\nb")
            self.assertEqual(code, 2)
            self.assertIn("must be a name", said)


if __name__ == "__main__":
    unittest.main()
