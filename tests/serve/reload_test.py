#!/usr/bin/env python3
"""A plugin that its author builds again and again while the server runs.

ALICE_RELOADS sets how often; the figures in reference/RESULTS.md are of 200."""

import json
import os
import pathlib
import signal
import tempfile
import unittest

from alice_server import BUILD, Server, wait_until
from sandbox_test import Load, TwoModels, config, group_of, odd, picture

RELOADS = int(os.environ.get("ALICE_RELOADS", "6"))
WARM_UP = 2  # reloads before memory and files are counted
LIBRARY = BUILD / "tests/plugins/misdeeds.so"


class Plugin:
    """A library in a folder of its own, put in place as a linker does: another file under the same name."""

    def __init__(self):
        self._folder = tempfile.TemporaryDirectory(prefix="alice-plugin-")
        self.file = pathlib.Path(self._folder.name) / "misdeeds.so"
        self.build()

    def __enter__(self):
        return self

    def __exit__(self, *ignored):
        self._folder.cleanup()

    def _put(self, data):
        new = self.file.with_suffix(".new")
        new.write_bytes(data)
        new.replace(self.file)

    def build(self):
        self._put(LIBRARY.read_bytes())

    def build_half(self):
        data = LIBRARY.read_bytes()
        self._put(data[:len(data) // 2])


def reload(server):
    status, _, body = server.call("POST", "/v1/plugins/reload")
    return status, json.loads(body)


def open_files(server):
    return len(os.listdir(f"/proc/{server.process.pid}/fd"))


def settled_files(server, most):
    """Open files once the leaving worker's socket and pidfd are closed."""
    wait_until(lambda: open_files(server) <= most, f"at most {most} open files, not {open_files(server)}")
    return open_files(server)


class ReloadTest(unittest.TestCase):
    def test_reloads_under_load_lose_no_request_and_leave_nothing_behind(self):
        with Plugin() as plugin, TwoModels() as models, \
                Server(config=config(plugin.file, "{allow_plugin_reload: true}"), models=models) as server:
            wait_until(lambda: group_of(server)["state"] == "ready", "the sandbox")
            self.assertEqual(picture(server, odd())[0], 200)
            load = Load(server, odd())
            try:
                for number in range(WARM_UP + RELOADS):
                    if number == WARM_UP:
                        files, memory = open_files(server), server.resident_mb()
                    plugin.build()
                    status, answer = reload(server)
                    self.assertEqual(status, 200, answer)
                    outcomes = {group["group"]: group["outcome"] for group in answer["groups"]}
                    self.assertEqual(outcomes, {"default": "unchanged", "sandbox": "loaded"})
            finally:
                load.stop()
            self.assertEqual(load.faults, [])
            self.assertGreater(load.answered, 0)
            grown = server.resident_mb() - memory
            self.assertLess(grown, 16)
            settled_files(server, files)
            print(f"{RELOADS} reloads, {load.answered} requests: memory {memory:.1f} MB and {grown:+.1f}, "
                  f"files {files} and {open_files(server) - files:+d}")

    def test_a_library_that_cannot_be_loaded_is_refused_and_the_old_worker_stays(self):
        with Plugin() as plugin, TwoModels() as models, \
                Server(config=config(plugin.file, "{allow_plugin_reload: true}"), models=models) as server:
            wait_until(lambda: group_of(server)["state"] == "ready", "the sandbox")
            plugin.build_half()
            status, answer = reload(server)
            self.assertEqual((status, answer["error"]["code"]), (409, "reload_refused"), answer)
            self.assertIn(plugin.file.name, answer["error"]["message"])
            self.assertNotIn(str(plugin.file.parent), answer["error"]["message"])  # folders are for the log
            self.assertEqual(picture(server, odd())[0], 200)
            plugin.build()
            self.assertEqual(reload(server)[0], 200)
            self.assertEqual(picture(server, odd())[0], 200)

    def test_a_job_begins_again_when_its_plugin_was_rebuilt_while_it_ran(self):
        with Plugin() as plugin, TwoModels() as models, \
                Server(config=config(plugin.file, attempts=3), models=models) as server:
            wait_until(lambda: group_of(server)["state"] == "ready", "the sandbox")
            job = server.submit(**{**odd(), "steps": 200})
            records = server.data / "records"
            wait_until(lambda: any(file.stat().st_size > 8_000 for file in records.glob("*")), "some recorded steps")
            plugin.build()  # the same bytes, another file
            for pid in server.worker_pids():
                os.kill(pid, signal.SIGKILL)
            ended = server.wait_ended(job, patience_s=600)
            self.assertEqual((ended["status"], ended["attempts"], ended["resumed_from"]), ("succeeded", 2, 0), ended)

    def test_a_watched_library_is_taken_up_by_itself(self):
        with Plugin() as plugin, TwoModels() as models, \
                Server(config=config(plugin.file), models=models, options=["--watch-plugins"],
                       environment={"ALICE_LOG_LEVEL": "warning"}) as server:  # as it is by default
            wait_until(lambda: group_of(server)["state"] == "ready", "the sandbox")
            plugin.build_half()
            wait_until(lambda: "not reloaded, the old workers stay" in server.log(), "the refusal in the log")
            self.assertEqual(picture(server, odd())[0], 200)
            plugin.build()
            wait_until(lambda: "The group 'sandbox' has new plugins." in server.log(), "the word that it succeeded")
            self.assertEqual(picture(server, odd())[0], 200)
            self.assertEqual(reload(server)[0], 403)


if __name__ == "__main__":
    unittest.main(verbosity=2)
