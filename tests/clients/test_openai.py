"""The npm package openai, unmodified, against `alice serve` with the model that comes with ALICE."""

import pathlib
import sys
import tempfile
import unittest

import numpy
from PIL import Image

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/serve"))
from alice_server import Server  # noqa: E402
from npm_packages import run_script  # noqa: E402

# On a busy machine threads that wait for each other take many times as long.
ONE_THREAD = {"config": "generation: {threads: 1}\n", "environment": {"OMP_NUM_THREADS": "1"}}
SIDE, HALF, SOFT = 64, 32, 20  # pixels; how far the edge of a mask may be seen


def pixels(path):
    return numpy.asarray(Image.open(path).convert("RGB")).astype(int)


class OpenAi(unittest.TestCase):
    def test_everything_that_it_can_ask_for_pictures(self):
        with tempfile.TemporaryDirectory() as name, Server(models=ROOT / "models", **ONE_THREAD) as server:
            folder = pathlib.Path(name)
            mask = Image.new("RGBA", (SIDE, SIDE), (0, 0, 0, 255))
            mask.paste((0, 0, 0, 0), (0, 0, HALF, SIDE))
            mask.save(folder / "mask.png")
            server.wait_ready()
            code, said = run_script("openai.mjs", server, {"ALICE_PICTURES": name})
            self.assertEqual(code, 0, said)
            self.assertIn(" pass 9", said)
            before, after = pixels(folder / "rocket.png"), pixels(folder / "edited.png")
            self.assertTrue((before[:, HALF + SOFT:] == after[:, HALF + SOFT:]).all())
            self.assertGreater(abs(before[:, :HALF] - after[:, :HALF]).mean(), 5)


if __name__ == "__main__":
    unittest.main()
