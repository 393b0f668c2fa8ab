#!/usr/bin/env python3
"""Cancels at every stage of a job, of workers that let go by themselves and of workers that do not: the worker is free
for the next job, and what the server says is true at every moment, as another process sees it.

A worker that is in the midst of a stage which does not end is one that was stopped (SIGSTOP) there. A sample; ALICE_LONG=1
makes a hundred. How long the next job waited is printed, not judged: the machine may be busy."""

import json
import multiprocessing
import os
import random
import signal
import time
import unittest

from alice_server import Server, wait_until

CANCELS = 100 if os.environ.get("ALICE_LONG") else 7
SLOW = {"prompt": "a cat", "seed": 5, "steps": 1000, "width": 64, "height": 64}
SHORT = {**SLOW, "steps": 1}
ALIVE = ("running", "cancelling")
STAGES = ("load", "encode", "denoise", "decode")


def statuses(server):
    return {job["id"]: job["status"] for job in server.get_json("/v1/jobs?limit=10")["data"]}


def look(server):
    """What is said of jobs and workers; none when something changed while it was asked."""
    jobs, group = statuses(server), server.get_json("/health")["groups"][0]
    metrics, is_ready = server.get_json("/metrics"), server.call("GET", "/readyz")[0] == 200
    if (statuses(server), server.get_json("/health")["groups"][0]) != (jobs, group):
        return None
    return jobs, metrics, group, is_ready


def is_true(seen):
    jobs, metrics, group, is_ready = seen
    alive = sum(status in ALIVE for status in jobs.values())
    queued = sum(status == "queued" for status in jobs.values())
    told = (metrics["active_generations"], group["busy"], metrics["queue_depth"], group["queued"], is_ready)
    return told == (alive, alive, queued, queued, group["ready"] > 0)


def watch_all(server, over, results):
    """Another process: asks again and again, and keeps what does not fit together, and which statuses it has seen."""
    looks, faults, seen_of = 0, [], {}
    while not over.is_set():
        seen = look(server)
        if seen is None:
            continue
        looks += 1
        faults += [] if is_true(seen) else [seen]
        for job, status in seen[0].items():
            if seen_of.setdefault(job, [status])[-1] != status:
                seen_of[job].append(status)
    results.put((looks, faults, seen_of))


class Poller:
    def __init__(self, server):
        # Of a fork, with the server's port and no more of it.
        context = multiprocessing.get_context("fork")
        self._over, self._results = context.Event(), context.Queue()
        self._process = context.Process(target=watch_all, args=(server, self._over, self._results), daemon=True)
        self._process.start()

    def stop(self):
        self._over.set()
        results = self._results.get(timeout=120)
        self._process.join()
        return results


def wait_stage(server, job, stage):
    """Until the job's events tell this stage, or a later one: of what comes quickly only the last is told."""
    wanted = STAGES[STAGES.index(stage):]
    connection = server.connection()
    try:
        connection.request("GET", f"/v1/jobs/{job}/events")
        answer = connection.getresponse()
        while line := answer.readline():
            if line.startswith(b"data:") and json.loads(line[5:]).get("stage") in wanted:
                return
        raise AssertionError(f"the job ended before it came to {stage}")
    finally:
        connection.close()


class CancelTest(unittest.TestCase):
    def cancel(self, server, job):
        status, _, body = server.call("DELETE", f"/v1/jobs/{job}")
        self.assertIn(status, (200, 202), body)
        return json.loads(body)["status"]

    def cancel_at(self, server, stage, stuck):
        """Seconds from the cancel until the next job began."""
        request = {**SLOW, "steps": 1} if stage == "decode" else SLOW
        if stage == "queued":
            ahead = server.submit(**SLOW)
        job = server.submit(**request)
        if stage != "queued":
            wait_stage(server, job, stage)
        stopped = server.worker_pids() if stuck else []
        for pid in stopped:
            os.kill(pid, signal.SIGSTOP)
        following = server.submit(**SHORT)
        cancelled_at = time.monotonic()
        told = self.cancel(server, job)
        if stage == "queued":
            self.cancel(server, ahead)
        ended = server.wait_ended(job)
        survivors = set(stopped) & set(server.worker_pids())
        if stage != "decode":  # which may be over, and told, before we can stop it
            self.assertEqual((told, survivors), ("cancelling" if stage != "queued" else "cancelled", set()))
        for pid in survivors:
            os.kill(pid, signal.SIGCONT)
        if told != "succeeded":
            self.assertEqual((ended["status"], ended["worker_deaths"], ended["error"]), ("cancelled", 0, None), ended)
        wait_until(lambda: server.job(following)["status"] != "queued", "the next job's begin")
        waited = time.monotonic() - cancelled_at
        self.assertEqual(server.wait_ended(following)["status"], "succeeded")
        return waited

    def test_cancels_at_every_stage_free_the_worker_and_everything_that_is_said_meanwhile_is_true(self):
        random.seed(7)
        moments = [("queued", False), ("load", True), ("denoise", False), ("decode", True), ("denoise", True),
                   ("encode", True), ("load", False)]
        while len(moments) < CANCELS:
            stage = random.choice(("queued", "load", "encode", "denoise", "decode"))
            moments.append((stage, stage != "queued" and random.random() < 0.5))
        with Server() as server:
            server.wait_ready()
            poller = Poller(server)
            waits = [self.cancel_at(server, stage, stuck) for stage, stuck in moments[:CANCELS]]
            looks, faults, seen_of = poller.stop()
            self.assertEqual(faults, [])
            self.assertGreater(looks, CANCELS)
            for job, seen in seen_of.items():
                order = ["queued", "running", "cancelling", "cancelled", "succeeded"]
                self.assertEqual(sorted(seen, key=order.index), seen, job)
            self.assertTrue(any("cancelling" in seen for seen in seen_of.values()))
            group = server.get_json("/health")["groups"][0]
            self.assertEqual((group["deaths"], group["state"]), (0, "ready"))
            jobs = server.all_jobs()
            kept = {image["file"] for job in jobs for image in job["images"]}
            images = server.data / "images"
            self.assertEqual({file.name for file in images.iterdir()}, kept)
            self.assertEqual(list((server.data / "records").iterdir()), [])
            print(f"{CANCELS} cancels, {looks} looks: the next job began after {sorted(waits)[CANCELS // 2]:.1f} s "
                  f"(median), {max(waits):.1f} s at most, 3 s of grace among them")

    def test_a_client_that_leaves_frees_a_worker_that_is_stuck(self):
        with Server() as server:
            server.wait_ready()
            connection = server.connection()
            connection.request("POST", "/v1/images/generations", json.dumps(SLOW), {"Content-Type": "application/json"})
            job = wait_until(lambda: next(iter(statuses(server)), None), "the client's job")
            wait_stage(server, job, "denoise")
            for pid in server.worker_pids():
                os.kill(pid, signal.SIGSTOP)
            connection.close()
            self.assertEqual(server.wait_ended(job)["status"], "cancelled")
            self.assertEqual(server.wait_ended(server.submit(**SHORT))["status"], "succeeded")


if __name__ == "__main__":
    unittest.main(verbosity=2)
