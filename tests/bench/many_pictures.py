#!/usr/bin/env python3
"""Does memory grow? Draws many pictures of changing sizes with one worker and prints its memory now and then; nothing passes
or fails here.

Usage: many_pictures.py [BUILD] [COUNT] [BACKEND] [DTYPE]      (build 1000 onednn float32)

Sizes, steps and prompts change from picture to picture, by a fixed seed; sd/emoji-turbo draws."""

import os
import pathlib
import random
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/serve"))
BUILD, COUNT, BACKEND, DTYPE = [*sys.argv[1:], *["build", "1000", "onednn", "float32"][len(sys.argv) - 1:]]
os.environ["ALICE_BUILD_DIR"] = BUILD
from alice_server import Server  # noqa: E402  (the build folder is read when it is imported)

SIDES = range(32, 161, 8)  # pixels
LINES = 20


def resident_mb(pid):
    """(now, at most)"""
    status = dict(line.split(":", 1) for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines())
    return [int(status[key].split()[0]) / 1024 for key in ("VmRSS", "VmHWM")]


def main():
    chance, count = random.Random(5), int(COUNT)
    config = f"backends: {{one: {{plugin: {BACKEND}, options: {{dtype: {DTYPE}}}}}}}\ngeneration: {{backend: one}}\n"
    with Server(config=config, models=ROOT / "models", environment={"ALICE_LOG_LEVEL": "warning"}) as server:
        server.wait_ready()
        (pid,) = server.worker_pids()
        print(f"{BACKEND}, {DTYPE}\n{'pictures':>9} {'now':>10} {'at most':>10}")
        for number in range(count + 1):
            if number % max(1, count // LINES) == 0:
                now, most = resident_mb(pid)
                print(f"{number:9} {now:7.1f} MB {most:7.1f} MB", flush=True)
            request = {"model": "sd/emoji-turbo", "prompt": f"a cat {number}", "steps": chance.randint(1, 4),
                       "width": chance.choice(SIDES), "height": chance.choice(SIDES), "seed": number}
            status, _, answer = server.call("POST", "/v1/images/generations", request)
            assert status == 200, answer
        assert server.worker_pids() == [pid], "the worker was replaced"


if __name__ == "__main__":
    main()
