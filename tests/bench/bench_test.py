"""`alice bench` as people and scripts run it, on the small model of the goldens. No test judges how fast anything is."""

import json
import math
import os
import pathlib
import signal
import struct
import subprocess
import tempfile
import time
import unittest

BUILD = pathlib.Path(os.environ["ALICE_BUILD_DIR"])
DATA = pathlib.Path(os.environ["ALICE_TEST_DATA"])
MODELS = DATA / "goldens" / "models"
MODEL = MODELS / "tiny_sd15"
SIZE = 128
LIVENESS_S = 600  # a bound on waiting for what must come, on any machine

# No ALICE_ variable is meant for the program; it shares the machine with others.
ENVIRONMENT = {name: value for name, value in os.environ.items() if not name.startswith("ALICE_")}
ENVIRONMENT.update(OMP_NUM_THREADS="2", GOMP_SPINCOUNT="1000", OMP_WAIT_POLICY="passive")

BACKENDS = """
backends:
  exact: {plugin: cpu, options: {dtype: float32}}
  again: {plugin: cpu, options: {dtype: float32}}
  short: {plugin: cpu, options: {dtype: bfloat16}}
generation:
  backend: exact
  threads: 2
"""
HAS_ONEDNN = (BUILD / "plugins" / "alice-backend-onednn.so").exists()
STAGES = ("text", "step", "vae")


def command(*words, config=None):
    return [str(BUILD / "alice"), "bench", "--config", str(config or os.devnull), "--models", str(MODELS), *map(str, words)]


def header(part):
    """Name to shape, of a part's tensors."""
    file, = (MODEL / part).glob("*.safetensors")
    with open(file, "rb") as stream:
        size, = struct.unpack("<Q", stream.read(8))
        tensors = json.loads(stream.read(size))
    return {name: value["shape"] for name, value in tensors.items() if name != "__metadata__"}


def text_operations(prompts=2):
    """Counted from the shapes of the weights: each matrix of a layer times every token, and attention's two products."""
    tokens, operations = 77, 0
    for name, shape in header("text_encoder").items():
        if ".layers." in name and len(shape) == 2:
            operations += 2 * tokens * shape[0] * shape[1]
            if name.endswith("q_proj.weight"):
                operations += 2 * 2 * tokens * tokens * shape[0]
    return operations * prompts


def decoding_operations(side):
    """The same of the VAE's decoder, which doubles the map after each block but the last."""
    blocks = len(json.loads((MODEL / "vae" / "config.json").read_text())["up_block_types"])
    operations = 0
    for name, shape in header("vae").items():
        if not name.startswith(("decoder.", "post_quant_conv.")) or len(shape) < 2:
            continue
        parts = name.split(".")
        doublings = 0
        if name.startswith("decoder.up_blocks."):
            doublings = int(parts[2]) + ("upsamplers" in parts)
        elif name.startswith("decoder.conv_out."):
            doublings = blocks - 1
        pixels = (side << doublings) ** 2
        operations += 2 * pixels * math.prod(shape)
        if name.endswith((".to_q.weight", ".query.weight")):
            operations += 2 * 2 * pixels * pixels * shape[0]
    return operations


def step_operations(side, batch=2):
    """The same of the UNet's products over the map, which halves after each block but the last and doubles again; and what
    a step may have computed before: the time's embeddings, and the prompts' keys and values."""
    tokens, levels = 77, len(json.loads((MODEL / "unet" / "config.json").read_text())["down_block_types"])
    of_map = beside = 0
    for name, shape in header("unet").items():
        if len(shape) < 2:
            continue
        parts = name.split(".")
        level = 0
        if parts[0] == "down_blocks":
            level = int(parts[1]) + ("downsamplers" in parts)
        elif parts[0] == "mid_block":
            level = levels - 1
        elif parts[0] == "up_blocks":
            level = levels - 1 - int(parts[1]) - ("upsamplers" in parts)
        pixels = (side >> level) ** 2
        weights = math.prod(shape)
        if "time_emb" in name:
            beside += 2 * weights
        elif ".attn2.to_k." in name or ".attn2.to_v." in name:
            beside += 2 * tokens * weights
        else:
            of_map += 2 * pixels * weights
        if name.endswith(".to_q.weight"):
            of_map += 2 * 2 * pixels * (pixels if ".attn1." in name else tokens) * shape[0]
    return batch * of_map, batch * beside


class Bench(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="alice-bench-test-")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.config = self.folder / "config.yaml"
        self.config.write_text(BACKENDS)

    def run_bench(self, *words, config=None, **environment):
        return subprocess.run(command(*words, config=config or self.config), capture_output=True, text=True,
                              env={**ENVIRONMENT, **environment}, timeout=LIVENESS_S)

    def report(self, *words, **more):
        result = self.run_bench("--model", MODEL, "--size", SIZE, "--rounds", 1, "--json", "-", *words, **more)
        self.assertEqual(result.returncode, 0, result.stderr)
        return json.loads(result.stdout)

    def refusal(self, code, *words, **more):
        result = self.run_bench(*words, **more)
        self.assertEqual(result.returncode, code, result.stdout + result.stderr)
        self.assertEqual(result.stdout, "")
        return result.stderr

    def check_figures(self, figures, precision, backend):
        self.assertEqual(figures["precision"], precision)
        self.assertEqual(figures["backend"], backend)
        self.assertEqual(figures["threads"], 2)
        self.assertIn(precision, figures["device"])
        self.assertGreater(figures["peak_rss_bytes"], 50 << 20)  # libtorch alone has more
        peak = figures["peak_gflops"]
        for stage in STAGES:
            seconds, gflop = figures[f"{stage}_seconds"], figures[f"{stage}_gflop"]
            self.assertGreater(seconds, 0)
            self.assertGreaterEqual(figures[f"{stage}_cpu_seconds"], 0)
            kinds = figures["kinds"][stage]
            self.assertAlmostEqual(sum(layers["gflop"] for layers in kinds.values()), gflop, delta=1e-9 * gflop)
            self.assertAlmostEqual(sum(layers["seconds"] for layers in kinds.values()), seconds, delta=1e-9)
            for name, layers in kinds.items():
                self.assertGreaterEqual(layers["seconds"], -1e-9, name)
                self.assertEqual(layers["calls"] == 0, name == "other")
                if layers["gflop"]:
                    self.assertAlmostEqual(layers["gflops"], layers["gflop"] / layers["seconds"])
                if peak:
                    self.assertAlmostEqual(layers["of_peak"], layers["gflops"] / peak)
            if peak:
                self.assertAlmostEqual(figures[f"{stage}_floor_seconds"], gflop / peak)
                self.assertAlmostEqual(figures[f"{stage}_over_floor"], seconds / (gflop / peak))
            else:
                self.assertIsNone(figures[f"{stage}_floor_seconds"])
                self.assertIsNone(figures[f"{stage}_over_floor"])
        self.assertAlmostEqual(figures["steps_per_second"], 1 / figures["step_seconds"])
        self.assertAlmostEqual(figures["picture_seconds"], figures["text_seconds"] + 20 * figures["step_seconds"] +
                               figures["vae_seconds"])


class OneSubject(Bench):
    def test_its_figures_are_whole_and_follow_from_each_other(self):
        report = self.report()
        self.assertEqual(report["model"], "sd/tiny_sd15")
        self.assertEqual(report["size"], SIZE)
        self.assertEqual(report["guidance_batch"], 2)
        self.assertEqual(report["picture_steps"], 20)
        self.assertEqual(report["rounds"]["asked"], 1)
        self.assertIn(report["rounds"]["done"], (1, 2))
        self.assertLessEqual(report["rounds"]["quiet"], report["rounds"]["done"])
        self.assertTrue(0 <= report["others_share"] <= 1)
        self.assertRegex(report["alice"], r"^\d+\.\d+\.\d+$")
        self.assertIsInstance(report["processor"], str)
        self.assertEqual(list(report["precisions"]), ["float32"])
        self.assertNotIn("against", report)
        self.check_figures(report["precisions"]["float32"], "float32", "exact")

    def test_operations_are_those_that_the_weights_shapes_ask_for(self):
        figures = self.report()["precisions"]["float32"]
        self.assertAlmostEqual(figures["text_gflop"] * 1e9, text_operations(), delta=1)
        self.assertAlmostEqual(figures["vae_gflop"] * 1e9, decoding_operations(SIZE // 8), delta=1)
        of_map, beside = step_operations(SIZE // 8)
        self.assertGreaterEqual(figures["step_gflop"] * 1e9, of_map - 1)
        self.assertLessEqual(figures["step_gflop"] * 1e9, of_map + beside + 1)

    def test_a_table_is_printed_and_the_json_is_written_beside_it(self):
        file = self.folder / "figures.json"
        result = self.run_bench("--model", "sd/tiny_sd15", "--size", SIZE, "--rounds", 1, "--json", file)
        self.assertEqual(result.returncode, 0, result.stderr)
        report = json.loads(file.read_text())
        self.assertEqual(report["model"], "sd/tiny_sd15")
        for part in ("float32: backend exact", "step with guidance", "decoding", "two prompts", "conv 3x3", "linear",
                     "self-attention", "group norm", "20-step picture", "steps a second", "peak memory"):
            self.assertIn(part, result.stdout)
        self.assertIn("round 1 of 1: exact", result.stderr)

    def test_without_a_word_it_is_the_usual_model_at_its_own_size(self):
        self.config.write_text(BACKENDS + "models: {default_model: sd/tiny_sd15}\n")
        config = json.loads((MODEL / "unet" / "config.json").read_text())
        report = json.loads(self.run_bench("--rounds", 1, "--json", "-").stdout)
        self.assertEqual(report["model"], "sd/tiny_sd15")
        self.assertEqual(report["size"], config["sample_size"] * 8)


class SeveralSubjects(Bench):
    def test_each_precision_has_its_own_figures(self):
        report = self.report("--backend", "exact", "--backend", "short")
        self.assertEqual(set(report["precisions"]), {"float32", "bfloat16"})
        self.check_figures(report["precisions"]["float32"], "float32", "exact")
        self.check_figures(report["precisions"]["bfloat16"], "bfloat16", "short")
        for stage in STAGES:
            self.assertEqual(*(figures[f"{stage}_gflop"] for figures in report["precisions"].values()))

    def test_two_of_one_precision_are_a_comparison_or_nothing(self):
        self.assertIn("--backend: 'exact' and 'again' both compute in float32: compare them with --against",
                      self.refusal(2, "--model", MODEL, "--backend", "exact", "--backend", "again"))

    def check_ratios(self, ratios, first, second):
        for name, value in first.items():
            if isinstance(value, dict):
                self.check_ratios(ratios[name], value, second[name])
            elif isinstance(value, (int, float)) and value and second[name] is not None:  # a processor may have no peak
                self.assertAlmostEqual(ratios[name], second[name] / value)
            else:
                self.assertNotIn(name, ratios)

    def test_a_comparison_is_second_to_first_in_every_figure(self):
        report = self.report("--backend", "exact", "--against", "short")
        first, second = report["precisions"]["float32"], report["against"]
        self.check_figures(first, "float32", "exact")
        self.check_figures(second, "bfloat16", "short")
        self.check_ratios(report["ratios"], first, second)
        self.assertEqual(report["ratios"]["step_gflop"], 1)

    def test_one_backend_may_be_compared_with_its_like(self):
        report = self.report("--against", "again")
        self.check_figures(report["against"], "float32", "again")

    def test_another_configuration_is_named_by_its_file(self):
        other = self.folder / "other.yaml"
        other.write_text("backends: {mine: {plugin: cpu, options: {dtype: bfloat16}}}\ngeneration: {threads: 1}\n")
        report = self.report("--against", other)
        self.assertEqual(report["against"]["backend"], "mine")
        self.assertEqual(report["against"]["threads"], 1)
        self.assertEqual(report["precisions"]["float32"]["threads"], 2)

    @unittest.skipUnless(HAS_ONEDNN, "this build has no backend with fused products")
    def test_what_a_backend_does_in_one_call_counts_as_what_it_stands_for(self):
        fused = "  fused: {plugin: onednn, options: {dtype: float32}}\n"
        self.config.write_text(BACKENDS.replace("backends:\n", "backends:\n" + fused))
        report = self.report("--against", "fused")
        single, joined = report["precisions"]["float32"], report["against"]
        for stage in STAGES:
            self.assertAlmostEqual(joined[f"{stage}_gflop"], single[f"{stage}_gflop"], delta=1e-9)
        self.assertGreaterEqual(set(joined["kinds"]["step"]), {"norm, conv 3x3", "norm, linear", "norm, linear, gated"})
        self.assertIn("upsampling, conv 3x3", joined["kinds"]["vae"])
        self.assertFalse([kind for kind in single["kinds"]["vae"] if kind.startswith(("norm, ", "upsampling, "))])

    @unittest.skipUnless(HAS_ONEDNN, "this build has not the backend that make bench measures")
    def test_what_make_bench_measures_is_configured(self):
        shipped = pathlib.Path(__file__).parents[2] / "config" / "bench.yaml"
        report = self.report("--backend", "float32", "--backend", "bfloat16", "--backend", "int8", config=shipped)
        measured = set(report["precisions"]) | set(report["left_out"])
        self.assertEqual(measured, {"float32", "bfloat16", "int8"})

    @unittest.skipUnless(HAS_ONEDNN, "this build has no backend that some processors cannot run")
    def test_a_precision_that_the_processor_cannot_is_left_out_and_said(self):
        self.config.write_text("backends:\n"
                               "  quick: {plugin: onednn, options: {dtype: bfloat16}}\n"
                               "  exact: {plugin: onednn, options: {dtype: float32}}\n"
                               "generation: {backend: exact}\n")
        older = {"ONEDNN_MAX_CPU_ISA": "AVX2"}
        report = self.report("--backend", "quick", "--backend", "exact", **older)
        self.assertEqual(list(report["precisions"]), ["float32"])
        self.assertIn("AVX512-BF16", report["left_out"]["quick"])
        self.assertIn("AVX512-BF16", self.refusal(1, "--model", MODEL, "--backend", "quick", **older))
        self.assertIn("AVX512-BF16", self.refusal(1, "--model", MODEL, "--against", "quick", **older))


class Refusals(Bench):
    def test_what_cannot_be_measured_is_said_before_it_is_tried(self):
        for code, words, sentence in (
                (2, (), "--model: names no model"),
                (2, ("--model", MODEL, "--size", "100"), "--size: must be a multiple of 8"),
                (2, ("--model", MODEL, "--size", "0"), "--size: must be an integer from 8 to 8192"),
                (2, ("--model", MODEL, "--rounds", "0"), "--rounds: must be an integer from 1 to 1000"),
                (2, ("--model", MODEL, "--json", self.folder / "none" / "a.json"), "--json: there is no folder"),
                (2, ("--model", MODEL, "--json", self.folder), "--json: must name a file"),
                (2, ("--model", MODEL, "--backend", "exact", "--backend", "exact"), "--backend: names 'exact' twice"),
                (2, ("--model", MODEL, "--backend", "exact", "--backend", "short", "--against", "again"),
                 "--against: compares two"),
                (3, ("--model", MODEL, "--backend", "exakt"), "'exakt' is no backend of this configuration (did you mean"),
                (3, ("--model", MODEL, "--against", "exakt"), "'exakt' is no backend of this configuration (did you mean"),
                (1, ("--model", "sd/none"), "sd/none"),
                (1, ("--model", self.folder), str(self.folder))):
            with self.subTest(words):
                self.assertIn(sentence, self.refusal(code, *words))

    def test_another_configuration_must_be_sound(self):
        other = self.folder / "other.yaml"
        other.write_text("generation: {threds: 1}\n")
        self.assertIn("threds", self.refusal(3, "--model", MODEL, "--against", other))


def children_of(process):
    found = []
    for status in pathlib.Path("/proc").glob("[0-9]*/stat"):
        try:
            words = status.read_text().rpartition(")")[2].split()
        except OSError:
            continue  # it has ended meanwhile
        if int(words[1]) == process.pid:
            found.append(int(status.parent.name))
    return found


def is_running(pid):
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


class Deaths(Bench):
    def start(self):
        """A run that does not come to its end, in its first round; and the process that computes."""
        process = subprocess.Popen(command("--model", MODEL, "--size", SIZE, "--rounds", 1000, config=self.config),
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=ENVIRONMENT)
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.stderr.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        for line in process.stderr:
            if line.startswith("round 1 of"):
                break
        subject, = children_of(process)
        return process, subject

    def test_a_subject_that_dies_ends_the_run_with_a_sentence(self):
        process, subject = self.start()
        os.kill(subject, signal.SIGKILL)
        _, errors = process.communicate(timeout=LIVENESS_S)
        self.assertEqual(process.returncode, 1)
        self.assertIn("the process that measures it ended by SIGKILL", errors)

    def test_a_subject_does_not_outlive_the_run(self):
        process, subject = self.start()
        process.kill()
        process.wait()
        until = time.monotonic() + LIVENESS_S
        while is_running(subject) and time.monotonic() < until:
            time.sleep(0.01)
        self.assertFalse(is_running(subject))


if __name__ == "__main__":
    unittest.main()
