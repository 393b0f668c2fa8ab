#!/usr/bin/env python3
"""People as whoever runs the server makes and ends them: `alice users`, beside a server that runs and without one."""

import json
import pathlib
import re
import sqlite3
import subprocess
import tempfile
import unittest

from alice_server import BUILD, Server

ROOT = pathlib.Path(__file__).resolve().parents[2]
ON = ("server: {require_auth: true, registration_mode: approval, session_timeout_seconds: 900, block_nsfw: true,\n"
      "  blocked_words: [riding]}\n")


def users(data, *words, password=None):
    """(exit code, standard output, standard error)"""
    run = subprocess.run([str(word) for word in (BUILD / "alice", "users", *words, "--data", data)],
                         input=password, capture_output=True, text=True, timeout=60)
    return run.returncode, run.stdout, run.stderr


class UsersTest(unittest.TestCase):
    def sign_in(self, server, name, password):
        """(status, the cookie)"""
        status, headers, _ = server.call("POST", "/v1/auth/sessions", {"name": name, "password": password})
        return status, (headers["Set-Cookie"] or "").partition(";")[0]

    def status(self, server, path, cookie):
        return server.call("GET", path, headers={"Cookie": cookie})[0]

    def post(self, server, path, body, cookie):
        headers = {"Cookie": cookie, "Origin": f"http://127.0.0.1:{server.port}"}
        status, _, text = server.call("POST", path, body, headers)
        return status, json.loads(text)

    def test_the_first_administrator_is_made_on_the_console_and_lets_others_in(self):
        with tempfile.TemporaryDirectory() as folder:
            data = pathlib.Path(folder) / "data"
            self.assertEqual(users(data, "list")[0], 1)
            code, out, said = users(data, "create", "root", "--admin", password="a long password\n")
            self.assertEqual(code, 0, said)
            self.assertIn("root (admin) is active.", out)
            with Server(data=data, config=ON) as server:
                self.assertEqual(self.sign_in(server, "root", "a wrong password")[0], 401)
                status, root = self.sign_in(server, "root", "a long password")
                self.assertEqual(status, 201)
                self.assertEqual(self.status(server, "/v1/auth/users", root), 200)

                status, _, _ = server.call("POST", "/v1/auth/register", {"name": "Ann", "password": "ann's password"})
                self.assertEqual(status, 202)
                self.assertEqual(self.sign_in(server, "Ann", "ann's password")[0], 403)
                self.assertEqual(users(data, "approve", "Ann")[0], 0)
                status, ann = self.sign_in(server, "Ann", "ann's password")
                self.assertEqual(status, 201)
                self.assertEqual(self.status(server, "/v1/models", ann), 200)
                self.assertEqual(self.status(server, "/v1/auth/users", ann), 403)
                status, refused = self.post(server, "/v1/jobs", {"prompt": "riding"}, ann)
                self.assertEqual((status, refused["error"]["param"]), (400, "prompt"))
                self.assertEqual(self.post(server, "/v1/auth/password",
                                           {"password": "ann's password", "new_password": "a newer one"}, ann)[0], 200)
                _, ann = self.sign_in(server, "Ann", "a newer one")

                server.stop()
                server.start()  # sessions outlive it
                self.assertEqual(self.status(server, "/v1/models", ann), 200)
                self.assertEqual(users(data, "password", "Ann", password="the console's\n")[0], 0)
                self.assertEqual(self.status(server, "/v1/models", ann), 401)
                _, ann = self.sign_in(server, "Ann", "the console's")
                self.assertEqual(users(data, "disable", "Ann")[0], 0)
                self.assertEqual(self.status(server, "/v1/models", ann), 401)
                self.assertEqual(self.sign_in(server, "Ann", "the console's")[0], 403)
                self.assertEqual(users(data, "enable", "Ann")[0], 0)
                self.assertEqual(self.sign_in(server, "Ann", "the console's")[0], 201)

                rows = {row["name"]: row for row in json.loads(users(data, "list", "--json")[1])}
                self.assertEqual((rows["Ann"]["level"], rows["Ann"]["state"]), ("user", "active"))
                self.assertIn("root", users(data, "list")[1])
                _, _, audit = server.call("GET", "/v1/auth/audit", headers={"Cookie": root})
                done = {(entry["actor"], entry["action"]) for entry in json.loads(audit)["data"]}
                self.assertLessEqual({("console", "user.create"), ("console", "user.approve"), ("Ann", "user.password"),
                                      ("console", "user.disable"), ("", "user.register")}, done)
                server.stop()
                log = server.log()
                for words in ("action=user.approve actor=console", "action=login", "result=wrong"):
                    self.assertIn(words, log)
                for secret in ("a long password", "ann's password", "the console's", "a newer one", root[-43:],
                               "riding"):
                    self.assertNotIn(secret, log)
                    for file in data.rglob("*"):
                        if file.is_file():
                            self.assertNotIn(secret.encode(), file.read_bytes(), file)

    def test_a_code_of_the_console_makes_the_first_administrator_over_http_and_nothing_else_does(self):
        with Server(config=ON) as server:
            body = {"code": "guessed", "name": "root", "password": "a long password"}
            self.assertEqual(server.call("POST", "/v1/auth/bootstrap", body)[0], 403)
            code, out, said = users(server.data, "bootstrap")
            self.assertEqual(code, 0, said)
            self.assertNotIn(out.strip(), server.log())
            self.assertEqual(server.call("POST", "/v1/auth/bootstrap", {**body, "code": out.strip()})[0], 201)
            status, cookie = self.sign_in(server, "root", "a long password")
            self.assertEqual((status, self.status(server, "/v1/auth/users", cookie)), (201, 200))
            code, _, said = users(server.data, "bootstrap")
            self.assertEqual(code, 2)
            self.assertIn("there is an administrator already", said)

    def test_accounts_of_the_version_before_people_go_on(self):
        schema = (ROOT / "server/accounts/sqlite/account_schema.cpp").read_text()
        first = re.search(r'kVersion1 = R"sql\((.*?)\)sql"', schema, re.DOTALL)[1]
        with tempfile.TemporaryDirectory() as folder:
            data = pathlib.Path(folder)
            (data / "secrets").mkdir(mode=0o700)
            (data / "secrets/pepper").write_bytes(bytes(32))
            database = sqlite3.connect(data / "accounts.sqlite")
            database.executescript(first + "PRAGMA application_id = 0x414c4941; PRAGMA user_version = 1;")
            database.execute("INSERT INTO users VALUES ('aa', 'Ann', 100)")
            database.execute("INSERT INTO keys VALUES ('abcdefgh', 'aa', 'laptop', 'admin', 'read', ?, 100, NULL, 5, "
                             "NULL)", ("00" * 32,))
            database.commit()
            database.close()
            row = json.loads(users(data, "list", "--json")[1])[0]
            self.assertEqual((row["id"], row["name"], row["level"], row["state"], row["has_password"]),
                             ("aa", "Ann", "user", "active", False))
            self.assertEqual(users(data, "password", "Ann", password="long enough\n")[0], 0)
            with Server(data=data, config=ON) as server:
                self.assertEqual(self.sign_in(server, "Ann", "long enough")[0], 201)
            database = sqlite3.connect(data / "accounts.sqlite")
            self.assertEqual(database.execute("SELECT id, level, last_used_s, revoked_s FROM keys").fetchall(),
                             [("abcdefgh", "admin", 5, None)])
            database.close()

    def test_what_is_wrong_is_said(self):
        with tempfile.TemporaryDirectory() as folder:
            data = pathlib.Path(folder) / "data"
            for words, password, sentence, exit_code in (
                    (("create", "Ann"), "short\n", "must have 8 to 128 bytes", 2),
                    (("create", "a\nb"), "long enough\n", "must be a name", 2),
                    (("disable", "Ann"), None, "there is no user of this name", 1),
                    (("bootstrap",), None, "no server runs here", 1)):
                if words[0] == "disable":
                    users(data, "create", "Bob", password="long enough\n")
                code, _, said = users(data, *words, password=password)
                self.assertEqual(code, exit_code, said)
                self.assertIn(sentence, said)
            self.assertIn("is taken", users(data, "create", "BOB", password="long enough\n")[2])


if __name__ == "__main__":
    unittest.main()
