#!/usr/bin/env python3
"""Every curl command of the README is run as it stands, against the server that `alice serve` starts, and gives what it
says: a command that writes a .png writes a picture."""

import json
import pathlib
import re
import shlex
import subprocess
import tempfile
import unittest

from alice_server import Server
from kill_test import decodes

README = pathlib.Path(__file__).resolve().parents[2] / "README.md"
ADDRESS = "http://127.0.0.1:8080"


def shell_commands(text):
    """The commands of every sh block; a line that ends in a backslash goes on."""
    for block in re.findall(r"```sh\n(.*?)```", text, re.S):
        for command in re.sub(r"\\\n", " ", block).splitlines():
            if command.strip() and not command.startswith("#"):
                yield command


class ReadmeTest(unittest.TestCase):
    def test_each_curl_command_works_as_written(self):
        curls = [command for command in shell_commands(README.read_text()) if command.startswith("curl")]
        self.assertGreaterEqual(len(curls), 2)
        with Server(models=README.parent / "models") as server, tempfile.TemporaryDirectory() as folder:
            server.wait_ready()
            for command in curls:
                with self.subTest(command=command):
                    self.assertIn(ADDRESS, command)
                    here = command.replace(ADDRESS, f"http://127.0.0.1:{server.port}")
                    run = subprocess.run(["sh", "-c", "set -e\n" + here], cwd=folder, capture_output=True, timeout=300,
                                         check=False)
                    self.assertEqual(run.returncode, 0, run.stderr)
                    pictures = [word for word in shlex.split(command) if word.endswith(".png")]
                    for picture in pictures:
                        self.assertTrue(decodes((pathlib.Path(folder) / picture).read_bytes()), picture)
                    if not pictures and run.stdout.strip().startswith(b"{"):
                        self.check_answer(server, json.loads(run.stdout))

    def check_answer(self, server, answer):
        """Every picture URL in an answer can be fetched."""
        self.assertIsNone(answer.get("error"), answer)
        for url in re.findall(r'"(http[^"]+\.png)"', json.dumps(answer)):
            status, _, body = server.call("GET", re.sub(r"^https?://[^/]+", "", url))
            self.assertEqual(status, 200)
            self.assertTrue(decodes(body))


if __name__ == "__main__":
    unittest.main(verbosity=2)
