"""`alice compare` as people run it: its sheet holds what `alice generate` draws, and what it says is true."""

import json
import math
import os
import pathlib
import signal
import subprocess
import tempfile
import unittest

import numpy
from PIL import Image

BUILD = pathlib.Path(os.environ["ALICE_BUILD_DIR"])
MODELS = pathlib.Path(os.environ["ALICE_TEST_DATA"]) / "goldens" / "models"
SIDE = 64
CONFIG = """
backends:
  exact: {plugin: cpu, options: {dtype: float32}}
  short: {plugin: cpu, options: {dtype: bfloat16}}
generation: {backend: exact, threads: 2}
"""

# No ALICE_ variable is meant for the program; it shares the machine with others.
ENVIRONMENT = {name: value for name, value in os.environ.items() if not name.startswith("ALICE_")}
ENVIRONMENT.update(OMP_NUM_THREADS="2", GOMP_SPINCOUNT="1000", OMP_WAIT_POLICY="passive")


def psnr(picture, reference):
    error = numpy.mean((picture.astype(float) - reference.astype(float)) ** 2)
    return math.inf if error == 0 else 10 * math.log10(255**2 / error)


class Compare(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="alice-compare-test-")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        (self.folder / "config.yaml").write_text(CONFIG)

    def command(self, name, *words):
        return [BUILD / "alice", name, "a cat", "--config", self.folder / "config.yaml", "--models", MODELS,
                "--model", "sd/tiny_sd15", "--size", f"{SIDE}x{SIDE}", *words]

    def run_alice(self, name, *words):
        return subprocess.run(self.command(name, *words), capture_output=True, text=True, env=ENVIRONMENT,
                              cwd=self.folder)

    def pixels(self, name):
        return numpy.asarray(Image.open(self.folder / name))

    def cut(self, sheet, told):
        return sheet[told["y"]:told["y"] + SIDE, told["x"]:told["x"] + SIDE]

    def drawn_alone(self, told):
        done = self.run_alice("generate", "--seed", "7", "--scheduler", told["scheduler"], "--steps",
                              str(told["steps"]), "--backend", told["backend"], "-o", "alone.png")
        self.assertEqual(done.returncode, 0, done.stderr)
        return self.pixels("alone.png")

    def test_each_cell_is_the_picture_that_generate_draws_and_psnr_is_numpys(self):
        done = self.run_alice("compare", "--scheduler", "euler_ancestral,ddim", "--steps", "2,5", "--backend",
                              "exact,short", "--reference", "9", "--seed", "7", "-o", "sheet.png", "--json")
        self.assertEqual(done.returncode, 0, done.stderr)
        told = json.loads(done.stdout)
        self.assertEqual((told["prompt"], told["model"], told["seed"]), ("a cat", "sd/tiny_sd15", 7))
        self.assertEqual((told["sheet"], told["not_drawn"]), ("sheet.png", 0))
        pictures, reference = told["pictures"], told["reference"]
        self.assertEqual([(one["backend"], one["scheduler"], one["steps"]) for one in pictures],
                         [(backend, scheduler, steps) for backend in ("exact", "short")
                          for scheduler in ("euler_ancestral", "ddim") for steps in (2, 5)])
        self.assertEqual((reference["backend"], reference["scheduler"], reference["steps"]),
                         ("exact", "euler_ancestral", 9))
        sheet = self.pixels("sheet.png")
        for one in pictures:
            self.assertAlmostEqual(one["psnr_db"], psnr(self.cut(sheet, one), self.cut(sheet, reference)), places=9)
            self.assertFalse(one["identical"])
            self.assertGreater(one["seconds"], one["seconds_a_step"] * one["steps"])
        for one in (pictures[3], pictures[4], reference):
            numpy.testing.assert_array_equal(self.cut(sheet, one), self.drawn_alone(one))
        # Rows and columns.
        self.assertEqual(len({one["y"] for one in pictures}), 4)
        self.assertEqual(len({one["x"] for one in pictures}), 2)
        inside = json.loads(Image.open(self.folder / "sheet.png").text["alice-comparison"])
        self.assertEqual(inside, {name: value for name, value in told.items() if name != "sheet"})

    def test_the_table_says_what_differs_and_a_drawn_seed_is_everybodys(self):
        done = self.run_alice("compare", "--backend", "exact,short", "--steps", "2", "--deepcache-interval", "1,2")
        self.assertEqual(done.returncode, 0, done.stderr)
        lines = done.stdout.splitlines()
        self.assertEqual(lines[0].split("  ")[0], "scheduler")
        for name in ("steps", "backend", "deepcache interval", "seconds", "a step", "PSNR"):
            self.assertIn(name, lines[0])
        self.assertEqual([line.split()[2:4] for line in lines[1:5]],
                         [["exact", "1"], ["exact", "2"], ["short", "1"], ["short", "2"]])
        self.assertTrue(lines[1].endswith("reference"))
        self.assertTrue(all(line.endswith(" dB") for line in lines[2:5]), lines)
        self.assertEqual(lines[5], "PSNR is measured against exact, deepcache interval 1.")
        sheet, = self.folder.glob("compare-a-cat-*.png")
        self.assertEqual(lines[6], f"{sheet.name} (seed {sheet.stem.split('-')[-1]})")

    def test_every_fault_is_told_before_anything_is_drawn_with_the_values_that_it_comes_with(self):
        done = self.run_alice("compare", "--scheduler", "ddim,eulr,lcm", "--steps", "2,70", "--reference", "none")
        self.assertEqual(done.returncode, 2, done.stderr)
        self.assertIn("there is no scheduler 'eulr' (did you mean 'euler'?)\n", done.stderr)
        self.assertRegex(done.stderr, r"(?m)steps.*70.*\(lcm")
        done = self.run_alice("compare", "--backend", "exakt,exact,shrt")
        self.assertEqual(done.returncode, 3, done.stderr)
        self.assertIn("'exakt' is no backend of this configuration (did you mean 'exact'?)", done.stderr)
        self.assertIn("'shrt' is no backend of this configuration (did you mean 'short'?)", done.stderr)
        done = self.run_alice("compare", "--scheduler", "lcm", "--steps", "2,4")
        self.assertEqual(done.returncode, 2, done.stderr)
        self.assertIn("(the reference, 200 steps; --reference says another)", done.stderr)
        self.assertEqual(list(self.folder.glob("*.png")), [])

    def test_an_interrupt_leaves_a_whole_sheet_of_what_is_done(self):
        command = self.command("compare", "--steps", "2,1000", "--reference", "none", "--seed", "7", "-o", "sheet.png",
                               "--json")
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=ENVIRONMENT,
                              cwd=self.folder) as process:
            line = ""
            while not line.startswith("step"):  # a tenth of all steps is done: the second picture is being drawn
                line = process.stderr.readline()
                self.assertNotEqual(line, "")
            process.send_signal(signal.SIGINT)
            out, errors = process.communicate()
        self.assertEqual(process.returncode, 130, errors)
        self.assertIn("interrupted; sheet.png has 1 of 2 pictures", errors)
        told = json.loads(out)
        self.assertEqual((len(told["pictures"]), told["not_drawn"]), (1, 1))
        self.assertGreater(len(numpy.unique(self.cut(self.pixels("sheet.png"), told["pictures"][0]))), 20)
        self.assertEqual([file.name for file in self.folder.glob("*sheet*")], ["sheet.png"])  # nothing written aside


if __name__ == "__main__":
    unittest.main()
