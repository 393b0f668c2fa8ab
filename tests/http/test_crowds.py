"""Crowds before the front with the real desk, its database and a worker that is played (tests/front/worker): submissions
beyond the queue's room, streams and slow connections beside /health, clients who vanish. ALICE_LONG=1: the promise's
numbers; without it a sample of seconds, which asks nothing of time."""

import concurrent.futures
import json
import os
import pathlib
import resource
import socket
import unittest

from server import PROGRAM, Server, wait_until
from test_busy import LONG, P99_S, measured, request, share

FAKE_WORKER = str(pathlib.Path(PROGRAM).parent / "fake-worker")
FILES = 16_384
ENDLESS = json.dumps({"prompt": json.dumps({"steps": 1_000_000, "step_ms": 5})}).encode()


def many(long, sample):
    return long if LONG else sample


def open_files(server):
    return len(os.listdir(f"/proc/{server.process.pid}/fd"))


class Crowds(unittest.TestCase):
    def start(self, worker, **settings):
        """The front over the real desk; `worker`: how the played one is told to behave."""
        _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
        files = FILES if most == resource.RLIM_INFINITY else min(FILES, most)
        resource.setrlimit(resource.RLIMIT_NOFILE, (files, most))
        self.server = Server(nofile=files, desk=[FAKE_WORKER, *worker],
                             server={"max_connections": 8192, "max_connections_per_address": 8192}, **settings)
        self.addCleanup(self.server.stop)

    def connected(self, data, address="127.0.0.1"):
        """A connection that has sent `data` and reads nothing."""
        link = socket.create_connection(("127.0.0.1", self.server.port), 60, (address, 0))
        link.sendall(data)
        self.addCleanup(link.close)
        return link

    def submit_many(self, count):
        connection, answers = self.server.connect(), []
        for _ in range(count):
            answers.append(self.server.ask("POST", "/v1/jobs", {"prompt": "a cat"}, connection=connection))
        connection.close()
        return answers

    def test_of_all_submissions_exactly_as_many_are_taken_as_the_queue_has_room_for(self):
        room, callers, each = many(1000, 40), 20, many(500, 10)
        self.start(["silent"], queue_size=room)
        with concurrent.futures.ThreadPoolExecutor(callers) as pool:
            answers = [answer for mine in pool.map(self.submit_many, [each] * callers) for answer in mine]
        taken = [answer.json["id"] for answer in answers if answer.status == 202]
        refused = [answer for answer in answers if answer.status == 429]
        self.assertEqual((len(taken), len(set(taken)), len(refused)), (room, room, callers * each - room))
        for answer in refused:
            self.assertGreaterEqual(int(answer.headers["retry-after"]), 1)
            self.assertEqual(answer.error["code"], "busy")
        self.assertIn(b"alice_queue_depth %d\n" % room, self.server.get("/metrics", {"Accept": "text/plain"}).body)

    def test_streams_and_slow_connections_are_held_beside_quick_answers(self):
        self.start(["silent"])
        job = self.server.post("/v1/jobs", {"prompt": "a cat"}).json["id"]
        streams = [self.connected(request("GET", path)) for path in (f"/v1/jobs/{job}/events", "/v1/events")
                   for _ in range(many(250, 20))]
        for number in range(many(4000, 200)):
            self.connected(b"POST /v1/jobs HTTP/1.1\r\nHost: a\r\nContent-Le", f"127.0.1.{number % 50}")
        probe, sleeper = measured(self.server, many(15, 1))
        print("health beside the crowd, p99 in ms:", round(1000 * share(probe, 0.99), 1), "of a sleeper",
              round(1000 * share(sleeper, 0.99), 1))
        if LONG:
            self.assertLessEqual(share(probe, 0.99), share(sleeper, 0.99) + P99_S)
        self.assertEqual(self.server.ask("DELETE", "/v1/jobs/" + job).json["status"], "cancelled")
        for stream in streams:  # all of them are there still, and told
            stream.settimeout(60)
            text = b""
            while b"event: done" not in text:
                part = stream.recv(1 << 16)
                self.assertTrue(part, text[-200:])
                text += part

    def test_clients_who_vanish_leave_nothing_behind(self):
        self.start([], queue_size=2000)
        wait_until(lambda: self.server.get("/readyz").status == 200, "the worker is ready")
        before = open_files(self.server)
        links = [self.connected(request("POST", "/v1/images/generations", ENDLESS)) for _ in range(many(1000, 60))]
        waiting = b"alice_queue_depth %d\n" % (len(links) - 1)
        metrics = lambda: self.server.get("/metrics", {"Accept": "text/plain"}).body
        wait_until(lambda: waiting in metrics(), "all wait but the one that runs")
        for link in links:
            link.close()
        wait_until(lambda: b"alice_queue_depth 0\n" in metrics() and b"alice_jobs_running 0\n" in metrics(),
                   "no job waits or runs")
        wait_until(lambda: open_files(self.server) <= before, "their files are closed")
        ends = {job["status"] for job in self.server.get("/v1/jobs?limit=100").json["data"]}
        self.assertEqual(ends, {"cancelled"})
        self.assertEqual(metrics().count(b"alice_worker_restarts_total{"), 0)  # it let go by itself, after a step


if __name__ == "__main__":
    unittest.main()
