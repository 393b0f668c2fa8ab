"""The models that ALICE comes with, measured through the server: do they draw what was asked?

The measures and the prompts are the trainer's (tools/starter_model: measure, distances, prompts), which draws no prompt
and knows no picture that they are not made from. A few prompts of each kind here; ALICE_STARTER=all takes all of them
and prints the figures; ALICE_STARTER_SHEETS names a folder for contact sheets.
"""

import io
import json
import math
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

import numpy
from PIL import Image

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path += [str(ROOT / "tests" / "serve"), str(ROOT / "tools")]

from alice_server import BUILD, Server  # noqa: E402
from starter_model.distances import Gallery  # noqa: E402
from starter_model.measure import Judge, measure, read_picture  # noqa: E402
from starter_model.prompts import prompt_list  # noqa: E402
from starter_model.scenes import canonical  # noqa: E402
from starter_model.server_drawing import ask, draw_with_server  # noqa: E402
from starter_model.single_file import write_single_file  # noqa: E402
from starter_model.styles import STYLES  # noqa: E402

ALL = os.environ.get("ALICE_STARTER") == "all"
SOME = {"name": 40, "background": 20, "pair": 20}
STYLED = 12  # names that are drawn in each style
RECOGNISED = 0.8  # of them at least
PLAIN = "plain"


def chosen(kinds):
    entries = prompt_list()
    count = {kind: len(entries) if ALL else SOME[kind] for kind in kinds}
    return [entry for kind in kinds for entry in [e for e in entries if e["kind"] == kind][: count[kind]]]


def least(share, count):
    """What a model that has `share` in the long run falls below once in a thousand times, for a sample; for all prompts
    the share itself."""
    return share if ALL else share - 3 * math.sqrt(share * (1 - share) / count)


class StarterModel(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Server(models=ROOT / "models")
        cls.addClassCleanup(cls.server.__exit__)
        cls.server.wait_ready()
        cls.folder = tempfile.TemporaryDirectory(prefix="alice-test-")
        cls.addClassCleanup(cls.folder.cleanup)
        cls.judge = Judge()

    def results(self, model, kinds):
        """kind -> what is true of each picture."""
        name, entries = model.split("/")[1], chosen(kinds)
        pictures = pathlib.Path(self.folder.name) / name
        prompts = pictures.with_suffix(".json")
        prompts.write_text(json.dumps(entries))
        draw_with_server(f"http://127.0.0.1:{self.server.port}", model, prompts, pictures)
        if ALL:
            sheets = os.environ.get("ALICE_STARTER_SHEETS")
            measure(prompts, pictures, pathlib.Path(sheets) / name if sheets else None)
        judged = [(entry, self.judge.judge(entry, read_picture(pictures / entry["file"]))) for entry in entries]
        return {kind: [result for entry, result in judged if entry["kind"] == kind] for kind in kinds}

    def assert_share(self, results, what, share):
        seen = sum(result[what] for result in results) / len(results)
        self.assertGreaterEqual(seen, least(share, len(results)), f"{what} of {len(results)}")

    def test_the_model_draws_what_it_is_asked_for(self):
        results = self.results("sd/emoji", ("name", "background", "pair"))
        self.assert_share(results["name"], "named", 0.85)
        self.assert_share(results["background"], "background", 0.97)
        self.assert_share(results["pair"], "both", 0.60)
        energy, original = (sum(r[what] for r in results["name"]) for what in ("energy", "original_energy"))
        self.assertGreaterEqual(energy / original, 0.7)

    def test_the_quick_model_needs_four_steps(self):
        self.assert_share(self.results("sd/emoji-turbo", ("name",))["name"], "named", 0.80)

    def draw(self, **fields):
        """RGB [3, H, W] in [0, 1]"""
        png = ask(f"http://127.0.0.1:{self.server.port}", fields)
        return numpy.asarray(Image.open(io.BytesIO(png)), dtype=numpy.float32).transpose(2, 0, 1) / 255

    def test_each_lora_draws_in_its_style_and_both_formats_are_the_same(self):
        entries = [entry for entry in prompt_list() if entry["kind"] == "name"][:STYLED]
        for style in [PLAIN, *STYLES]:
            recognised = 0
            for entry in entries:
                asked = {"model": "sd/emoji", "prompt": entry["prompt"], "seed": entry["seed"]}
                drawn = self.draw(**asked, loras=[] if style == PLAIN else [style])
                recognised += self.nearest_style(drawn, entry) == style
            self.assertGreaterEqual(recognised, RECOGNISED * STYLED, style)
            if style != PLAIN:
                self.assertTrue((self.draw(**asked, loras=[style + "-peft"]) == drawn).all(), style)

    def nearest_style(self, picture, entry):
        """Of all ways to draw what was asked for, the one that the picture is nearest to."""
        stage, scene = self.judge.stage, canonical(self.judge.names.index(entry["names"][0]), entry["colour"])
        ways = {PLAIN: stage.draw(scene), **{style: paint(stage, scene) for style, paint in STYLES.items()}}
        return Gallery(numpy.stack(list(ways.values())), list(ways)).nearest(picture)[0]

    def test_one_file_made_of_the_folder_gives_the_same_picture(self):
        with tempfile.TemporaryDirectory(prefix="alice-test-") as folder:
            folder = pathlib.Path(folder)
            write_single_file(ROOT / "models/emoji", folder / "one.safetensors")
            pictures = []
            for model in (ROOT / "models/emoji", folder / "one.safetensors"):
                out = folder / f"{model.stem}.png"
                subprocess.run([BUILD / "alice", "generate", "--model", model, "--prompt", "a rocket on a blue background",
                                "--seed", "7", "--out", out], check=True, capture_output=True)
                pictures.append(read_picture(out))
            self.assertTrue((pictures[0] == pictures[1]).all())


if __name__ == "__main__":
    unittest.main(verbosity=2)
