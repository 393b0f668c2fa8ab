"""The npm clients of A1111's API, unmodified, against `alice serve` with the model that comes with ALICE."""

import pathlib
import sys
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/serve"))
from alice_server import Server  # noqa: E402
from npm_packages import run_script  # noqa: E402


class A1111(unittest.TestCase):
    def test_three_clients_find_the_server_that_they_expect(self):
        with Server(models=ROOT / "models") as server:
            server.wait_ready()
            code, said = run_script("a1111.mjs", server, {})
            self.assertEqual(code, 0, said)
            self.assertIn(" pass 5", said)


if __name__ == "__main__":
    unittest.main()
