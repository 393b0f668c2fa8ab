"""The public linter @redocly/cli finds no error in the description of a real server."""

import pathlib
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/serve"))
from alice_server import Server  # noqa: E402
from npm_packages import FOLDER, NODE, PATIENCE_S  # noqa: E402

LINTER = FOLDER / "node_modules/@redocly/cli/bin/cli.js"
QUIET = {"REDOCLY_TELEMETRY": "off", "REDOCLY_SUPPRESS_UPDATE_NOTICE": "true"}  # it asks nobody


def lint(text):
    """(exit code, what it says) of a description."""
    with tempfile.TemporaryDirectory() as folder:
        file = pathlib.Path(folder) / "openapi.json"
        file.write_bytes(text)
        run = subprocess.run([NODE, LINTER, "lint", file, "--extends", "recommended"], cwd=folder, env=QUIET,
                             capture_output=True, timeout=PATIENCE_S, check=False)
        return run.returncode, (run.stdout + run.stderr).decode()


class OpenApi(unittest.TestCase):
    def test_a_public_linter_finds_no_error(self):
        with Server(models=ROOT / "models") as server:
            server.wait_ready()
            text = server.call("GET", "/openapi.json")[2]
        code, said = lint(text)
        self.assertEqual(code, 0, said)

    def test_it_would_find_one(self):
        code, said = lint(b'{"openapi": "3.1.0", "info": {"title": "x"}, "paths": {"/a": {"get": {"responses": 5}}}}')
        self.assertNotEqual(code, 0, said)


if __name__ == "__main__":
    unittest.main()
