"""What a worker does with models before jobs ask for them: it looks at them, describes them and preloads them."""

import json
import pathlib
import shutil
import subprocess
import tempfile
import unittest

from worker_process import (BUILD, ENVIRONMENT, MODEL, MODELS, WorkerProcess, of_kind, small_request,
                            write_unknown_model)


def texts(messages):
    return [line["text"] for line in of_kind(messages, "log_line")]


class Preload(unittest.TestCase):
    def preload(self, worker, model=MODEL):
        worker.say("preload", model=model)
        return worker.hear_until("preload_ended")

    def test_it_is_told_stage_by_stage_and_the_models_first_job_loads_nothing(self):
        with WorkerProcess() as worker:
            messages = self.preload(worker)
            stages = [(m["model"], m["stage"]) for m in of_kind(messages, "preloading")]
            self.assertEqual(stages, [(MODEL, stage) for stage in ("load", "encode", "denoise", "decode")])
            self.assertEqual((messages[-1]["model"], messages[-1]["outcome"]), (MODEL, "done"))
            loaded = [text for text in texts(messages) if text.startswith("loaded " + MODEL)]
            self.assertEqual(len(loaded), 1, texts(messages))
            self.assertRegex(loaded[0], r"in \d+\.\d s: backend \S+ \(.*2 threads.*\)$")
            worker.start_job("a", small_request(steps=1))
            messages = worker.end_of("a")
            self.assertEqual(messages[-1]["say"], "job_done")
            self.assertEqual([text for text in texts(messages) if text.startswith("loaded ")], [])

    def test_it_changes_no_byte_of_a_picture(self):
        request = small_request(scheduler="euler_ancestral")
        with WorkerProcess() as worker:
            worker.start_job("before", request)
            before = worker.pictures(worker.end_of("before"))
            self.assertEqual(self.preload(worker)[-1]["outcome"], "done")
            worker.start_job("after", request)
            self.assertEqual(worker.pictures(worker.end_of("after")), before)

    def test_it_is_given_up_before_the_next_stage_when_it_is_to_stop(self):
        with WorkerProcess() as worker:
            def outcome():
                worker.say("preload", model=MODEL)
                worker.say("stop_preload")
                return worker.hear_until("preload_ended")[-1]["outcome"]
            # The machine may be so busy that the preload is done before the second word is heard.
            self.assertIn("stopped", (outcome() for _ in range(20)))
            worker.start_job("a", small_request(steps=1))
            self.assertEqual(worker.end_of("a")[-1]["say"], "job_done")
            worker.say("stop_preload")  # there is none
            self.assertEqual(self.preload(worker)[-1]["outcome"], "done")

    def test_a_model_that_cannot_be_loaded_is_a_warning_that_says_where_and_what(self):
        with tempfile.TemporaryDirectory() as folder, WorkerProcess(models=pathlib.Path(folder)) as worker:
            write_unknown_model(worker.models / "unknown")
            shutil.copytree(MODELS / "tiny_sd15", worker.models / "tiny_sd15")
            for model, words in (("sd/unknown", "no family of models knows its parts"),
                                 ("sd/none", "there is no model 'sd/none'")):
                messages = self.preload(worker, model)
                self.assertEqual(messages[-1]["outcome"], "failed")
                warnings = [m["text"] for m in of_kind(messages, "log_line") if m["level"] == "warning"]
                self.assertEqual(len(warnings), 1, warnings)
                self.assertIn(model + " cannot be preloaded: ", warnings[0])
                self.assertIn(words, warnings[0])
            self.assertEqual(self.preload(worker)[-1]["outcome"], "done")

    def test_describe_is_answered_while_a_model_is_preloaded(self):
        with WorkerProcess() as worker:
            worker.hear_until("described")
            worker.say("preload", model=MODEL)
            worker.describe()
            heard = worker.hear_until("described")
            if not of_kind(heard, "preload_ended"):
                worker.hear_until("preload_ended")


class Models(unittest.TestCase):
    def test_each_model_is_named_before_it_is_looked_at_and_one_to_pass_over_is_not_while_its_files_are_the_same(self):
        with WorkerProcess() as worker:
            worker.stop()
            worker.models = worker.folder / "models"
            for name in ("one", "two"):
                shutil.copytree(MODELS / "tiny_sd15", worker.models / name)

            def after(order, **pass_over):
                order(**pass_over)
                messages = worker.hear_until("described")
                looked = [(m["model"], m["stamp"]) for m in of_kind(messages, "looking_at")]
                return looked, {m["id"]: m.get("unavailable") for m in messages[-1]["description"]["models"]}

            looked, models = after(worker.start)
            self.assertEqual([model for model, _ in looked], ["sd/one", "sd/two", ""])
            self.assertEqual(models, {"sd/one": None, "sd/two": None})
            self.assertEqual([model for model, _ in after(worker.describe)[0]], [""])  # nothing has changed

            worker.stop()
            bad = {"sd/two": {"stamp": dict(looked)["sd/two"], "reason": "hangs"}}
            looked, models = after(worker.start, **bad)
            self.assertEqual([model for model, _ in looked], ["sd/one", ""])
            self.assertEqual(models, {"sd/one": None, "sd/two": "hangs"})
            (worker.models / "two" / "model_index.json").touch()
            looked, models = after(worker.describe, **bad)
            self.assertEqual([model for model, _ in looked], ["sd/two", ""])
            self.assertEqual(models, {"sd/one": None, "sd/two": None})

    def test_a_model_that_comes_is_described_and_one_that_goes_is_not(self):
        with WorkerProcess() as worker:
            worker.stop()
            worker.models = worker.folder / "models"
            shutil.copytree(MODELS / "tiny_sd15", worker.models / "one")
            worker.start()
            ids = lambda: [m["id"] for m in worker.hear_until("described")[-1]["description"]["models"]]
            self.assertEqual(ids(), ["sd/one"])
            (worker.models / "one").rename(worker.models / "two")
            worker.describe()
            self.assertEqual(ids(), ["sd/two"])
            worker.start_job("a", small_request(model="sd/two", steps=1))
            self.assertEqual(worker.end_of("a")[-1]["say"], "job_done")
            worker.start_job("b", small_request(model="sd/one", steps=1))
            self.assertEqual(worker.end_of("b")[-1]["place"], "/model")


class CheckModel(unittest.TestCase):
    def check(self, path, *options):
        done = subprocess.run([BUILD / "alice", "check", "model", path, *options], env=ENVIRONMENT, capture_output=True,
                              text=True)
        return done.returncode, done.stdout, done.stderr

    def test_a_file_of_which_nothing_can_be_read_is_a_failed_check_that_says_why(self):
        with tempfile.TemporaryDirectory() as folder:
            zeros = pathlib.Path(folder) / "zeros.safetensors"
            zeros.write_bytes(bytes(4096))
            code, out, error = self.check(zeros)
            self.assertEqual(code, 1, error)
            self.assertIn("zeros.safetensors", out)
            self.assertNotIn("internal", error)
            code, out, _ = self.check(zeros, "--json")
            self.assertEqual((code, json.loads(out)["failed"]), (1, 1), out)


class Listing(unittest.TestCase):
    """`alice models`."""

    def run_models(self, *words):
        with tempfile.TemporaryDirectory() as name:
            folder, configuration = pathlib.Path(name) / "models", pathlib.Path(name) / "config.yaml"
            configuration.write_text("# nothing of the user's\n")
            shutil.copytree(MODELS / "tiny_sd15", folder / "one")
            (folder / "one" / "README.md").write_text("# one\n\nDraws [ones](x.html).\n")
            write_unknown_model(folder / "two")
            done = subprocess.run([BUILD / "alice", "models", "--config", configuration, "--models", folder, *words],
                                  env=ENVIRONMENT, capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    def test_size_usual_settings_and_the_makers_words_are_told(self):
        told = json.loads(self.run_models("--json"))["models"]
        one, two = told
        self.assertEqual((one["id"], one["available"], one["card"]), ("sd/one", True, "Draws ones."))
        self.assertEqual((two["id"], two["available"]), ("sd/two", False))
        usual, side = one["defaults"], one["native_width"]
        lines = self.run_models().splitlines()
        self.assertRegex(lines[0], rf"^sd/one  {side}x{side}  {usual['steps']} steps of {usual['scheduler']}, guidance "
                                   rf"{usual['guidance_scale']}  UNet2DConditionModel, ")
        self.assertEqual(lines[1], "  Draws ones.")
        self.assertRegex(lines[2], "^sd/two .* unavailable: .*no family of models knows its parts")


if __name__ == "__main__":
    unittest.main()
