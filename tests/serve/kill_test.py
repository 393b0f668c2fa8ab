#!/usr/bin/env python3
"""What computes can die, and everything can: kill -9 at random moments.

The moments are drawn from a fixed seed as parts of the time that an undisturbed run takes, so they spread over loading,
denoising, decoding and writing. ALICE_KILLS sets how many of each kind; the figures in reference/RESULTS.md are of 30."""

import base64
import hashlib
import os
import random
import signal
import threading
import time
import unittest
import zlib

from alice_server import Server, picture_bytes, wait_until

KILLS = int(os.environ.get("ALICE_KILLS", "8"))
SCHEDULERS = ["euler_a", "dpm++_sde_karras", "heun", "ddim"]


def png(colour_at, side=128):
    """A PNG of side x side pixels, RGB."""
    rows = b"".join(b"\0" + bytes(c for x in range(side) for c in colour_at(x, y)) for y in range(side))
    chunk = lambda name, body: (len(body).to_bytes(4, "big") + name + body + zlib.crc32(name + body).to_bytes(4, "big"))
    head = side.to_bytes(4, "big") * 2 + b"\x08\x02\0\0\0"
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))


IMAGE = png(lambda x, y: (2 * x, 2 * y, 90))
MASK = png(lambda x, y: (255,) * 3 if 32 <= x < 96 and y < 64 else (0,) * 3)


def pictures_of(number):
    """Every other job is made from a picture, every fourth with a mask."""
    data_url = lambda file: "data:image/png;base64," + base64.b64encode(file).decode()
    if number % 2 == 0:
        return {}
    mask = {"mask": data_url(MASK)} if number % 4 == 3 else {}
    return {"image": data_url(IMAGE), "strength": 0.8, **mask}


def request(number, steps=20):
    return {"model": "sd/tiny", "prompt": f"a cat, {number}", "seed": 1000 + number, "steps": steps, "n": 2,
            "width": 128, "height": 128, "scheduler": SCHEDULERS[number % len(SCHEDULERS)], **pictures_of(number)}


def decodes(png):
    """Is it a whole PNG? Every chunk with its checksum, and pixels that inflate."""
    if png[:8] != b"\x89PNG\r\n\x1a\n":
        return False
    at, data, names = 8, b"", []
    while at < len(png):
        length = int.from_bytes(png[at:at + 4], "big")
        name, body = png[at + 4:at + 8], png[at + 8:at + 8 + length]
        if zlib.crc32(name + body) != int.from_bytes(png[at + 8 + length:at + 12 + length], "big"):
            return False
        names.append(name)
        data += body if name == b"IDAT" else b""
        at += 12 + length
    return names[0] == b"IHDR" and names[-1] == b"IEND" and len(zlib.decompress(data)) > 0


class HealthWatch:
    """Asks for /health again and again; counts what was not answered with 200."""

    def __init__(self, server):
        self.server, self.asked, self.missed, self.slowest_s = server, 0, [], 0.0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *ignored):
        self._stop.set()
        self._thread.join()

    def _run(self):
        while not self._stop.wait(0.05):
            begin = time.monotonic()
            try:
                status = self.server.call("GET", "/health", timeout_s=10)[0]
            except OSError as fault:
                status = repr(fault)
            self.asked += 1
            self.slowest_s = max(self.slowest_s, time.monotonic() - begin)
            if status != 200:
                self.missed.append(status)


class KillTest(unittest.TestCase):
    def undisturbed(self, server, number):
        begin = time.monotonic()
        job = server.wait_ended(server.submit(**request(number)))
        self.assertEqual(job["status"], "succeeded", job)
        if number % 2:
            self.assertEqual(job["settings"]["image"], {"sha256": hashlib.sha256(IMAGE).hexdigest()})
        return picture_bytes(server, job), time.monotonic() - begin

    def test_a_killed_worker_changes_no_byte_and_no_health_check_is_missed(self):
        moments = random.Random(7)
        with Server(config="jobs: {attempts: 10}\n") as server:
            server.wait_ready()
            wanted, took_s = zip(*(self.undisturbed(server, number) for number in range(len(SCHEDULERS))))
            killed_while_running = resumed = 0
            with HealthWatch(server) as health:
                for kill in range(KILLS):
                    number = kill % len(SCHEDULERS)
                    server.wait_ready()
                    job_id = server.submit(**request(number))
                    wait_until(lambda: server.job(job_id)["status"] != "queued", "the job to begin")
                    time.sleep(moments.uniform(0, 1) * took_s[number])
                    killed_while_running += server.job(job_id)["status"] == "running"
                    for pid in server.worker_pids():
                        os.kill(pid, signal.SIGKILL)
                    job = server.wait_ended(job_id)
                    self.assertEqual(job["status"], "succeeded", job)
                    self.assertEqual(picture_bytes(server, job), wanted[number], f"kill {kill}")
                    resumed += job.get("resumed_from", 0) > 0
            self.assertEqual(health.missed, [])
            self.assertGreater(killed_while_running, 0)
            self.assertGreater(resumed, 0)
            print(f"{KILLS} kills, {killed_while_running} while the job ran, {resumed} resumed from a record; "
                  f"{health.asked} health checks, the slowest {health.slowest_s * 1000:.0f} ms")

    def test_after_kill_9_of_everything_each_accepted_job_ends_once_and_each_listed_picture_is_whole(self):
        moments = random.Random(11)
        with Server() as server:
            server.wait_ready()
            _, took_s = self.undisturbed(server, 0)
            accepted = []
            for kill in range(KILLS):
                accepted += [server.submit(**request(kill, steps=8)) for _ in range(2)]
                time.sleep(moments.uniform(0, 1.5) * took_s)
                server.kill_everything()
                server.start()
            for job_id in accepted:
                job = server.wait_ended(job_id, patience_s=600)
                if job["status"] == "failed":
                    self.assertTrue(job["error"]["message"], job)
                    continue
                self.assertEqual(job["status"], "succeeded", job)
                self.assertEqual(len(job["images"]), 2)
                for image, png in zip(job["images"], picture_bytes(server, job)):
                    self.assertTrue(decodes(png), job_id)
                    self.assertEqual(hashlib.sha256(png).hexdigest(), image["sha256"])
            listed = server.all_jobs()
            listed_ids = [job["id"] for job in listed]
            self.assertEqual(len(listed_ids), len(set(listed_ids)))
            self.assertLessEqual(set(accepted), set(listed_ids))
            files = {file.name for file in (server.data / "images").iterdir()}
            named = {image["url"].rpartition("/")[2] for job in listed for image in job["images"]}
            self.assertEqual(files, named, "files that no job lists, or the other way round")
            print(f"{KILLS} kills of everything, {len(accepted)} jobs")


if __name__ == "__main__":
    unittest.main(verbosity=2)
