#!/usr/bin/env python3
"""Models that are loaded and tried when workers start: models.preload."""

import os
import pathlib
import signal
import subprocess
import tempfile
import unittest

from alice_server import BUILD, PATIENCE_S, Server, wait_until
from reload_test import Plugin, reload
from sandbox_test import SMALL, TwoModels, config, group_of

PRELOAD_TINY = "models: {preload: [sd/tiny]}\n"
TINY = {**SMALL, "model": "sd/tiny"}


def lines_with(server, words):
    return [line for line in server.log().splitlines() if words in line]


def wait_lines(server, count, words):
    """Exactly so many lines of the log with `words`, as soon as there are so many."""
    lines = wait_until(lambda: (lambda found: found if len(found) >= count else None)(lines_with(server, words)),
                       f"{count} lines with '{words}'")
    assert len(lines) == count, lines
    return lines


def command(*words, models, configuration):
    """`alice` with a configuration of its own, to its end."""
    with tempfile.TemporaryDirectory(prefix="alice-test-") as folder:
        file = pathlib.Path(folder) / "config.yaml"
        file.write_text(configuration)
        run = subprocess.run([BUILD / "alice", *words, "--config", file, "--models", models], cwd=folder,
                             capture_output=True, text=True, timeout=PATIENCE_S)
        return run.returncode, run.stdout + run.stderr


class PreloadTest(unittest.TestCase):
    def make(self, server, request):
        job = server.wait_ended(server.submit(**request))
        self.assertEqual(job["status"], "succeeded", job)
        self.assertEqual(job["attempts"], 1)
        return job

    def test_the_first_job_of_a_preloaded_model_does_not_load_it(self):
        with TwoModels() as models, Server(config=PRELOAD_TINY, models=models) as server:
            line, = wait_lines(server, 1, "preloaded sd/tiny: tried once at ")
            self.assertIn("worker=1 ", line)
            wait_until(lambda: group_of(server, "default")["preloading"] == 0, "the end of the preload in /health")
            text = server.call("GET", "/metrics", headers={"Accept": "text/plain"})[2].decode()
            self.assertIn('alice_group_preloading{group="default"} 0', text)
            self.make(server, TINY)
            line, = lines_with(server, "loaded sd/tiny in ")
            self.assertRegex(line, r"worker=1 loaded sd/tiny in \d+\.\d s: backend \S+ \(.+\)")
            self.assertEqual(lines_with(server, "loaded sd/odd"), [])
            self.make(server, {**SMALL, "model": "sd/odd"})
            wait_lines(server, 1, "loaded sd/odd in ")

    def test_jobs_that_come_before_and_during_a_preload_are_made_at_their_first_attempt(self):
        with TwoModels() as models, Server(config=PRELOAD_TINY, models=models) as server:
            jobs = [server.submit(**SMALL, model=model) for model in ("sd/odd", "sd/tiny", "sd/odd")]
            wait_until(lambda: group_of(server, "default")["ready"] == 1, "the worker")
            jobs += [server.submit(**SMALL, model=model) for model in ("sd/odd", "sd/tiny")]
            for job_id in jobs:
                job = server.wait_ended(job_id)
                self.assertEqual((job["status"], job["attempts"]), ("succeeded", 1), job)
            wait_lines(server, 1, "preloaded sd/tiny")

    def test_a_worker_that_is_killed_is_followed_by_one_that_preloads_again(self):
        with TwoModels() as models, Server(config=PRELOAD_TINY, models=models) as server:
            wait_lines(server, 1, "preloaded sd/tiny")
            pid, = server.worker_pids()
            os.kill(pid, signal.SIGKILL)
            lines = wait_lines(server, 2, "preloaded sd/tiny")
            self.assertIn("worker=2 ", lines[1])
            self.make(server, TINY)
            wait_lines(server, 2, "loaded sd/tiny in ")

    def test_a_broken_model_is_a_warning_and_everything_else_works(self):
        with TwoModels() as models:
            broken = models / "broken" / "unet"
            broken.mkdir(parents=True)
            for file in (BUILD / "made-models/tiny").iterdir():
                if file.name != "unet":
                    (models / "broken" / file.name).symlink_to(file)
            for file in (BUILD / "made-models/tiny/unet").iterdir():
                data = file.read_bytes()
                (broken / file.name).write_bytes(data if file.suffix == ".json" else data[:len(data) // 2])
            with Server(config="models: {preload: [sd/broken, sd/tiny]}\n", models=models) as server:
                warning, = wait_lines(server, 1, "sd/broken cannot be preloaded: ")
                self.assertIn("warning", warning.lower())
                self.assertIn(str(broken), warning)
                wait_lines(server, 1, "preloaded sd/tiny")
                self.assertEqual(server.call("GET", "/readyz")[0], 200)
                self.make(server, TINY)
                self.assertEqual(group_of(server, "default")["deaths"], 0)

    def test_a_model_that_there_is_not_is_a_fault_of_the_configuration(self):
        text = "models:\n  preload: [sd/tiny, sd/tinny]\n"
        with TwoModels() as models, tempfile.TemporaryDirectory() as data:
            for words in (("check", "config"), ("serve", "--port", "0", "--data", data)):
                code, said = command(*words, models=models, configuration=text)
                self.assertNotEqual(code, 0, said)
                self.assertIn("config.yaml:2:22: models.preload: there is no model 'sd/tinny' (did you mean 'sd/tiny'?)", said)
            # Whoever asks for another model has no need of it.
            code, said = command("generate", "--model", "sd/tiny", "--prompt", "a cat", "--steps", "1", "--width", "64",
                                 "--height", "64", "--out", data + "/cat.png", models=models, configuration=text)
            self.assertEqual(code, 0, said)
            code, said = command("check", "config", models=models, configuration=text.replace("tinny", "odd"))
            self.assertEqual(code, 0, said)

    def test_a_groups_models_are_preloaded_by_its_workers_and_again_after_a_reload(self):
        with Plugin() as plugin, TwoModels() as models, \
                Server(config="models: {preload: [sd/odd]}\n" + config(plugin.file, "{allow_plugin_reload: true}"),
                       models=models) as server:
            line, = wait_lines(server, 1, "preloaded sd/odd")
            self.assertIn("worker=sandbox/1 ", line)
            plugin.build()
            status, answer = reload(server)
            self.assertEqual(status, 200, answer)
            lines = wait_lines(server, 2, "preloaded sd/odd")
            self.assertIn("worker=sandbox/2 ", lines[1])

    def test_an_interrupt_during_a_preload_ends_the_server(self):
        with TwoModels() as models, Server(config=PRELOAD_TINY, models=models) as server:
            wait_until(lambda: group_of(server, "default")["ready"] == 1, "the worker")
            server.signal(signal.SIGINT)
            self.assertEqual(server.wait(), 0, server.log()[-2000:])


if __name__ == "__main__":
    unittest.main(verbosity=2)
