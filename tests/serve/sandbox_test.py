#!/usr/bin/env python3
"""A plugin that nobody should trust, in a worker group of its own: it harms its own jobs alone, and is named.

The plugin is tests/serve/plugins/misdeeds.cpp. ALICE_REQUESTS sets how many requests go to another model meanwhile."""

import json
import os
import pathlib
import subprocess
import tempfile
import threading
import unittest

from alice_server import BUILD, Server, wait_until

REQUESTS = int(os.environ.get("ALICE_REQUESTS", "100"))
SMALL = {"prompt": "a cat", "seed": 5, "steps": 2, "width": 64, "height": 64}
AT_STEP = "while it denoised, in code of the plugin misdeeds"
THROWN = "an internal fault ended the job " + AT_STEP
MISDEEDS = {  # and what is said of each
    "segfault": "the worker ended by SIGSEGV " + AT_STEP,
    "abort": "the worker ended by SIGABRT " + AT_STEP,
    "hang": "the worker said nothing about its job for 20 s and was killed " + AT_STEP,
    "leak": "of memory, more than its limit of 1000 MB, and was killed " + AT_STEP,
    "exit": "the worker ended with exit code 0 " + AT_STEP,
    "throw": THROWN,
    "throw_number": THROWN,
    "refuse": "the scheduler misdeeds refused what was right: /steps: must be another " + AT_STEP,
    "wrong_shape": "the scheduler misdeeds returned a tensor of shape [1, 3, 8, 8], [1, 4, 8, 8] is needed " + AT_STEP,
    "not_finite": "the scheduler misdeeds returned numbers that are not finite " + AT_STEP,
}
DEATHS = 5  # of the first five; what is thrown or returned leaves the worker alive
BY_HAND = {  # what `alice generate` says
    "segfault": "ended by SIGSEGV " + AT_STEP,
    "abort": "ended by SIGABRT " + AT_STEP,
    "exit": "ended by a call of exit() " + AT_STEP,
    "throw": "internal fault: the misdeeds plugin threw this " + AT_STEP,
    "throw_number": "internal fault: what was thrown is no std::exception " + AT_STEP,
    **{misdeed: MISDEEDS[misdeed] for misdeed in ("refuse", "wrong_shape", "not_finite")},
}


class TwoModels:
    """A folder with sd/tiny twice: as itself and as sd/odd, the model of the group."""

    def __init__(self):
        self._folder = tempfile.TemporaryDirectory(prefix="alice-models-")
        self.path = pathlib.Path(self._folder.name)
        for name in ("tiny", "odd"):
            (self.path / name).symlink_to(BUILD / "made-models/tiny")

    def __enter__(self):
        return self.path

    def __exit__(self, *ignored):
        self._folder.cleanup()


def config(plugin=BUILD / "tests/plugins/misdeeds.so", server="{}", **group):
    group = {"models": ["sd/odd"], "plugins": [str(plugin)], "threads": 1, "attempts": 1, "memory_limit": "1GB",
             "step_timeout": "20s", "breaker_deaths": 0, **group}
    return f"generation: {{threads: 1}}\nserver: {server}\nworkers: {{sandbox: {json.dumps(group)}}}\n"


def odd(misdeed="none"):
    return {**SMALL, "model": "sd/odd", "scheduler": "misdeeds", "scheduler_options": {"misdeed": misdeed}}


def group_of(server, name="sandbox"):
    return next(group for group in server.get_json("/health")["groups"] if group["group"] == name)


def picture(server, request):
    """The status of a request that waits for its picture, and its answer."""
    status, headers, body = server.call("POST", "/v1/images/generations", request)
    return status, headers, json.loads(body)


class Load:
    """Asks for pictures again and again, in a thread of its own; keeps what was not answered with one."""

    def __init__(self, server, request, count=None):
        self.server, self.request, self.count = server, request, count
        self.answered, self.faults = 0, []
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self):
        while not self._stop.is_set() and (self.count is None or self.answered < self.count):
            try:
                status, _, answer = picture(self.server, self.request)
            except OSError as fault:
                status, answer = None, repr(fault)
            self.answered += 1
            if status != 200:
                self.faults.append((status, answer))

    def join(self):
        self._thread.join()

    def stop(self):
        self._stop.set()
        self._thread.join()


class SandboxTest(unittest.TestCase):
    def test_a_plugin_in_its_own_group_harms_its_own_jobs_alone_and_is_named(self):
        with TwoModels() as models, Server(config=config(), models=models) as server:
            server.wait_ready()
            wait_until(lambda: group_of(server)["state"] == "ready", "the sandbox")
            load = Load(server, {**SMALL, "model": "sd/tiny"}, REQUESTS)
            try:
                for misdeed, sentence in MISDEEDS.items():
                    job = server.wait_ended(server.submit(**odd(misdeed)))
                    self.assertEqual(job["status"], "failed", job)
                    self.assertIn(sentence, job["error"]["message"])
                    code = "out_of_memory" if misdeed == "leak" else "internal"  # never the client's fault
                    self.assertEqual(job["error"]["code"], code)
                    self.assertEqual(job["error"]["type"], "server_error")
                self.assertEqual(server.wait_ended(server.submit(**odd()))["status"], "succeeded")
            finally:
                load.join()
            self.assertEqual(load.faults, [])
            self.assertEqual(load.answered, REQUESTS)
            self.assertIsNone(server.process.poll())
            self.assertEqual(group_of(server)["deaths"], DEATHS)
            self.assertEqual(group_of(server, "default")["deaths"], 0)

    def test_only_the_groups_own_workers_have_its_plugin(self):
        with TwoModels() as models, Server(config=config(), models=models) as server:
            wait_until(lambda: all(group["state"] == "ready" for group in server.get_json("/health")["groups"]),
                       "both groups")
            status, _, answer = picture(server, {**odd(), "model": "sd/tiny"})
            self.assertEqual(status, 400, answer)
            self.assertIn("there is no scheduler 'misdeeds'", answer["error"]["message"])
            schedulers = {one["id"]: one["groups"] for one in server.get_json("/v1/plugins")["kinds"]["scheduler"]}
            self.assertEqual(schedulers["misdeeds"], ["sandbox"])
            self.assertEqual(schedulers["ddim"], ["default", "sandbox"])
            groups = {model["id"]: model["group"] for model in server.get_json("/v1/models")["data"]}
            self.assertEqual(groups, {"sd/tiny": "default", "sd/odd": "sandbox"})

    def test_the_command_line_loads_a_groups_plugins_for_its_models(self):
        with TwoModels() as models, tempfile.TemporaryDirectory() as folder:
            file = pathlib.Path(folder) / "config.yaml"
            file.write_text(config())
            for model, code in (("sd/odd", 0), ("sd/tiny", 2)):
                run = subprocess.run(
                    [BUILD / "alice", "generate", "--config", file, "--models", models, "--model", model,
                     "--scheduler", "misdeeds", "--prompt", "a cat", "--steps", "2", "--width", "64", "--height", "64",
                     "--out", pathlib.Path(folder) / "cat.png"], capture_output=True, text=True)
                self.assertEqual(run.returncode, code, run.stderr)
            self.assertIn("there is no scheduler 'misdeeds'", run.stderr)

    def test_the_command_line_says_what_a_plugin_did_and_ends_as_documented(self):
        with TwoModels() as models, tempfile.TemporaryDirectory() as folder:
            file = pathlib.Path(folder) / "config.yaml"
            file.write_text(config())
            for misdeed, sentence in BY_HAND.items():
                run = subprocess.run(
                    [BUILD / "alice", "generate", "--config", file, "--models", models, "--model", "sd/odd",
                     "--scheduler", "misdeeds", "--scheduler-option", "misdeed=" + misdeed, "--prompt", "a cat",
                     "--steps", "2", "--width", "64", "--height", "64", "--out", pathlib.Path(folder) / "cat.png"],
                    capture_output=True, text=True)
                self.assertEqual(run.returncode, 1, (misdeed, run.stderr))
                self.assertIn(sentence, run.stderr)
                self.assertRegex(run.stderr, r"\(step [12] of 2, sd/odd, scheduler misdeeds\)", misdeed)
            self.assertEqual(list(pathlib.Path(folder).glob("*.p*")), [])

    def test_the_command_line_loads_a_groups_plugins_for_a_model_that_goes_without_saying(self):
        with tempfile.TemporaryDirectory() as models, tempfile.TemporaryDirectory() as folder:
            (pathlib.Path(models) / "odd").symlink_to(BUILD / "made-models/tiny")
            file = pathlib.Path(folder) / "config.yaml"
            file.write_text(config())
            run = subprocess.run(
                [BUILD / "alice", "generate", "--config", file, "--models", models, "--scheduler", "misdeeds", "--prompt",
                 "a cat", "--steps", "2", "--width", "64", "--height", "64", "--out", pathlib.Path(folder) / "cat.png"],
                capture_output=True, text=True)
            self.assertEqual(run.returncode, 0, run.stderr)

    def test_a_group_that_dies_again_and_again_rests_and_its_jobs_are_refused_at_once(self):
        resting = config(breaker_deaths=2, breaker_pause="10m")
        with TwoModels() as models, Server(config=resting, models=models) as server:
            server.wait_ready()
            for _ in range(2):
                self.assertEqual(server.wait_ended(server.submit(**odd("segfault")))["status"], "failed")
            wait_until(lambda: group_of(server)["state"] == "resting", "the group's rest")
            status, headers, answer = picture(server, odd())
            self.assertEqual((status, answer["error"]["code"]), (503, "busy"), answer)
            self.assertIn("died 2 times", answer["error"]["message"])
            self.assertIn("in code of the plugin misdeeds", answer["error"]["message"])
            self.assertTrue(500 < int(headers["Retry-After"]) <= 600, headers["Retry-After"])
            states = {model["id"]: model["state"] for model in server.get_json("/v1/models")["data"]}
            self.assertEqual(states, {"sd/tiny": "ready", "sd/odd": "resting"})
            self.assertEqual(picture(server, {**SMALL, "model": "sd/tiny"})[0], 200)


if __name__ == "__main__":
    unittest.main(verbosity=2)
