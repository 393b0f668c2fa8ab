"""The SDKs of the Model Context Protocol, unmodified, against `alice serve` with the model that comes with ALICE."""

import pathlib
import sys
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/serve"))
from alice_server import Server  # noqa: E402
from npm_packages import run_script  # noqa: E402


class Mcp(unittest.TestCase):
    def test_both_eras_are_agreed_on_and_served(self):
        with Server(models=ROOT / "models") as server:
            server.wait_ready()
            code, said = run_script("mcp.mjs", server, {})
            self.assertEqual(code, 0, said)
            self.assertIn(" pass 4", said)


if __name__ == "__main__":
    unittest.main()
