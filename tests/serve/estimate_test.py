#!/usr/bin/env python3
"""Estimates against what jobs really take. ALICE_LONG=1 asks for twelve jobs (two models, three sizes, two backends) and
judges seconds too: let nothing else run beside it."""

import os
import pathlib
import re
import unittest

from alice_server import BUILD, Server

LONG = os.environ.get("ALICE_LONG") == "1"
BACKENDS = ("cpu", "onednn")
MODELS = {"sd/emoji": BUILD.parent / "models", "sd/tiny": BUILD / "made-models"}
SIZES = (64, 128, 256) if LONG else (256,)
STEPS = 20 if LONG else 2
BYTES_WITHIN, SECONDS_WITHIN = 1.3, 2.0


def made(server, job):
    """Seconds of a job by the worker's own clock, with the loading."""
    line = next(line for line in server.log().splitlines() if job in line and " to load" in line)
    return sum(map(float, re.search(r": ([0-9.]+) s, and ([0-9.]+) s to load", line).groups()))


class Estimates(unittest.TestCase):
    def peak_of(self, server):
        """The worker's most memory since the last call, in bytes (proc(5): VmHWM, and clear_refs, which resets it)."""
        worker = pathlib.Path(f"/proc/{server.worker_pids()[0]}")
        peak = int(re.search(r"VmHWM:\s+(\d+) kB", (worker / "status").read_text()).group(1)) * 1024
        (worker / "clear_refs").write_text("5")
        return peak

    def test_estimates_are_near_what_jobs_take(self):
        rows = []
        for backend in BACKENDS:
            for model, folder in MODELS.items() if LONG else list(MODELS.items())[:1]:
                with Server(models=folder, config=f"generation: {{backend: {backend}}}\n") as server:
                    server.wait_ready()
                    for size in SIZES:
                        self.peak_of(server)
                        job = server.wait_ended(server.submit(model=model, prompt="a cat", seed=1, steps=STEPS,
                                                              width=size, height=size))
                        self.assertEqual(job["status"], "succeeded", job["error"])
                        rows.append((backend, model, size, job["estimate"]["bytes"] / self.peak_of(server),
                                     job["estimate"]["seconds"] / made(server, job["id"])))
        for backend, model, size, of_bytes, of_seconds in rows:
            print(f"{backend:7} {model:9} {size:4}: {of_bytes:5.2f} of its bytes, {of_seconds:5.2f} of its seconds")
        for backend, model, size, of_bytes, of_seconds in rows:
            with self.subTest(backend=backend, model=model, size=size):
                self.assertTrue(1 / BYTES_WITHIN <= of_bytes <= BYTES_WITHIN, of_bytes)
                if LONG:
                    self.assertTrue(1 / SECONDS_WITHIN <= of_seconds <= SECONDS_WITHIN, of_seconds)


if __name__ == "__main__":
    unittest.main()
