#!/usr/bin/env python3
"""How quickly the front answers, on this machine, now. Prints figures; nothing passes or fails here.

Usage: server_bench.py [BUILD]      (BUILD: the build folder, `build`)

Medians are of requests on one kept-alive connection, one after the other. The time of an fsync of 4 KiB in the data folder is printed
beside the time of a job's 202, which waits for the disk."""

import json
import os
import pathlib
import statistics
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "serve"))
os.environ["ALICE_BUILD_DIR"] = sys.argv[1] if len(sys.argv) > 1 else "build"
from alice_server import Server, wait_until  # noqa: E402  (the build folder is read when it is imported)

GETS, POSTS, CANCELS = 2000, 200, 10


def times_ms(count, call):
    taken = []
    for _ in range(count):
        begin = time.perf_counter()
        call()
        taken.append((time.perf_counter() - begin) * 1000)
    return taken


def line(what, taken):
    ordered = sorted(taken)
    print(f"{what:44} median {statistics.median(ordered):8.2f} ms   p99 {ordered[int(len(ordered) * 0.99)]:8.2f} ms"
          f"   n {len(ordered)}")


def requester(connection, method, path, status, body=None):
    headers = {"Content-Type": "application/json"} if body else {}

    def call():
        connection.request(method, path, body=body, headers=headers)
        answer = connection.getresponse()
        answer.read()
        assert answer.status == status, (path, answer.status)
    return call


def fsync_times(folder):
    descriptor = os.open(folder / "fsync-probe", os.O_CREAT | os.O_WRONLY)

    def call():
        os.write(descriptor, bytes(4096))
        os.fsync(descriptor)
    taken = times_ms(POSTS, call)
    os.close(descriptor)
    return taken


def step_ms(server):
    """Of the last step that was computed."""
    text = server.call("GET", "/metrics", headers={"Accept": "text/plain"})[2].decode()
    return 1000 * float(text.partition("\nalice_step_seconds ")[2].split()[0])


def main():
    begin = time.perf_counter()
    with Server(config=f"jobs: {{queue_size: {2 * POSTS}}}\n", environment={"ALICE_LOG_LEVEL": "warning"}) as server:
        wait_until(lambda: server.call("GET", "/health")[0] == 200, "the first answer")
        print(f"{'from start to the first answer':44} {(time.perf_counter() - begin) * 1000:15.0f} ms")
        server.wait_ready()
        print(f"{'from start to the first worker':44} {(time.perf_counter() - begin) * 1000:15.0f} ms")
        connection = server.connection()
        for path in ("/health", "/v1/models", "/metrics"):
            line(f"GET {path}", times_ms(GETS, requester(connection, "GET", path, 200)))

        # Waiting jobs: the one worker is busy with the first.
        blocker = server.submit(model="sd/tiny", prompt="a cat", steps=1000, width=256, height=256)
        wait_until(lambda: server.job(blocker)["status"] == "running", "the first job to run")
        body = json.dumps({"model": "sd/tiny", "prompt": "a cat", "steps": 1})
        line("POST /v1/jobs to its 202", times_ms(POSTS, requester(connection, "POST", "/v1/jobs", 202, body)))
        line("  an fsync of 4 KiB in the same folder", fsync_times(server.data))
        for job in server.all_jobs():
            server.call("DELETE", "/v1/jobs/" + job["id"])
        wait_until(lambda: server.get_json("/metrics")["active_generations"] == 0, "no job to run")

        freed, steps = [], []
        for _ in range(CANCELS):
            job_id = server.submit(model="sd/tiny", prompt="a cat", steps=1000, width=256, height=256)
            wait_until(lambda: server.job(job_id)["status"] == "running", "the job to run")
            next_id = server.submit(model="sd/tiny", prompt="a cat", steps=1)
            time.sleep(1)
            steps.append(step_ms(server))
            begin = time.perf_counter()
            server.call("DELETE", "/v1/jobs/" + job_id)
            wait_until(lambda: server.job(next_id)["status"] != "queued", "the next job's begin")
            freed.append((time.perf_counter() - begin) * 1000)
            server.wait_ended(next_id)
        line("DELETE of a running job to the next one's begin", freed)
        line("  a step of the cancelled job", steps)
        for _ in range(10000):
            requester(connection, "GET", "/v1/models", 200)()
        print(f"{'memory of the front after all that':44} {server.resident_mb():15.1f} MB")


if __name__ == "__main__":
    main()
