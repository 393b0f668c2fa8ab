#!/usr/bin/env python3
"""A disk that is full, read-only or gone under a running server: an answer in time, nothing lost, recovery by itself.

On small file systems in memory, which root alone may mount: skipped elsewhere. tests/front/storage_test.cpp and
tests/jobs have the same with a store and files that fail on demand."""

import json
import os
import pathlib
import stat
import subprocess
import tempfile
import time
import unittest

from alice_server import Server, picture_bytes, wait_until

REQUEST = {"model": "sd/tiny", "prompt": "a cat", "seed": 7, "steps": 4, "width": 128, "height": 128}


def run(*words):
    return subprocess.run([str(word) for word in words], capture_output=True, text=True, check=False)


class Disk:
    """A file system of its own, gone at the end of a `with`."""

    def __init__(self, size):
        self._temporary = tempfile.TemporaryDirectory(prefix="alice-disk-")
        self.path = pathlib.Path(self._temporary.name) / "disk"
        self.path.mkdir()
        mounted = run("mount", "-t", "tmpfs", "-o", f"size={size},mode=700", "tmpfs", self.path)
        if mounted.returncode != 0:
            self._temporary.cleanup()
            raise unittest.SkipTest("nothing may be mounted here: " + mounted.stderr.strip())

    def __enter__(self):
        return self

    def __exit__(self, *ignored):
        run("umount", "-l", self.path)
        self._temporary.cleanup()

    def free_kb(self):
        space = os.statvfs(self.path)
        return space.f_bavail * space.f_frsize // 1024

    def fill(self, leave_kb=0):
        with open(self.path / "fill", "wb") as file:
            try:
                file.write(b"x" * max(0, self.free_kb() - leave_kb) * 1024)
            except OSError:
                pass  # full

    def empty(self):
        (self.path / "fill").unlink()


class FullDisk(unittest.TestCase):
    def post(self, server, path="/v1/jobs", **more):
        begun = time.monotonic()
        status, headers, body = server.call("POST", path, {**REQUEST, **more})
        return status, headers, json.loads(body), time.monotonic() - begun

    def assert_refused(self, answer, code):
        status, headers, body, _ = answer
        self.assertEqual((status, body["error"]["code"]), (503, code), body)
        self.assertEqual(headers["x-should-retry"], "true")
        self.assertTrue(headers["Retry-After"])

    def assert_not_ready(self, server, words, jobs=200):
        status, _, body = server.call("GET", "/readyz")
        self.assertEqual(status, 503)
        self.assertIn(words, body.decode())
        self.assertEqual(server.call("GET", "/health")[0], 200)
        self.assertEqual(server.call("GET", "/v1/jobs")[0], jobs)

    def test_the_data_folder(self):
        with Disk("6m") as disk, Server(data=disk.path / "d") as server:
            server.wait_ready()
            before = server.wait_ended(server.submit(**REQUEST))
            disk.fill()
            for path in ("/v1/jobs", "/v1/images/generations"):
                self.assert_refused(self.post(server, path), "storage_full")
            self.assert_not_ready(server, "full")
            disk.empty()
            server.wait_ready()
            after = server.wait_ended(server.submit(**REQUEST))
            self.assertEqual(picture_bytes(server, after), picture_bytes(server, before))

    def test_the_pictures_folder_while_a_job_runs(self):
        with Disk("2m") as disk, Server(config=f"storage: {{images_directory: {disk.path}/i}}\n") as server:
            server.wait_ready()
            undisturbed = server.wait_ended(server.submit(**REQUEST, n=6))
            job = server.submit(**{**REQUEST, "n": 6, "steps": 60})
            wait_until(lambda: server.job(job)["status"] == "running", "the job runs")
            disk.fill()
            wait_until(lambda: server.call("GET", "/readyz")[0] == 503, "the server is not ready")
            self.assert_refused(self.post(server), "storage_full")
            self.assertIn(server.job(job)["status"], ("queued", "running"))
            disk.empty()
            end = server.wait_ended(job)
            self.assertEqual((end["status"], end["worker_deaths"]), ("succeeded", 0))
            again = server.wait_ended(server.submit(**REQUEST, n=6))
            self.assertEqual(picture_bytes(server, again), picture_bytes(server, undisturbed))

    def test_a_jobs_record_leaves_room_for_everybody_else(self):
        with Disk("6m") as disk, Server(data=disk.path / "d") as server:
            server.wait_ready()
            server.wait_ended(server.submit(**REQUEST))
            disk.fill(leave_kb=700)
            job = server.submit(**{**REQUEST, "steps": 1000, "n": 8, "width": 256, "height": 256})
            wait_until(lambda: "record of steps" in server.log(), "the record is given up")
            self.assertEqual(list((server.data / "records").iterdir()), [])
            for number in range(5):
                self.assertEqual(self.post(server, prompt="b" * 3000, steps=1)[0], 202, number)
            server.call("DELETE", "/v1/jobs/" + job)

    def test_a_tiny_disk_serves_until_it_is_really_full_and_then_says_so_in_time(self):
        with Disk("1280k") as disk, Server(data=disk.path) as server:  # of jobs, and of keys: a database and its log each
            server.wait_ready()
            answers = []
            while len(answers) < 60 and (not answers or answers[-1][0] == 200):
                answers.append(self.post(server, "/v1/images/generations", prompt="x " * 10000, seed=len(answers)))
            self.assertGreater(len(answers), 3)
            self.assert_refused(answers[-1], "storage_full")
            self.assertLess(disk.free_kb(), 200)
            self.assertLess(max(answer[3] for answer in answers), 20)
            self.assert_refused(self.post(server, "/v1/images/generations"), "storage_full")

    def test_read_only(self):
        with Disk("6m") as disk, Server(data=disk.path / "d") as server:
            server.wait_ready()
            # Files that are open for writing keep a disk from becoming read-only, but not a mount of it.
            if run("mount", "-o", "remount,bind,ro", disk.path).returncode != 0:
                raise unittest.SkipTest("no read-only mounts here")
            job = self.post(server)
            if job[0] == 202:  # the database is open; the pictures are not
                wait_until(lambda: server.call("GET", "/readyz")[0] == 503, "the server is not ready")
            self.assert_refused(self.post(server), "storage_failed")
            self.assert_not_ready(server, "Read-only file system")
            run("mount", "-o", "remount,bind,rw", disk.path)
            server.wait_ready()
            if job[0] == 202:
                self.assertEqual(server.wait_ended(job[2]["id"])["status"], "succeeded")
            self.assertEqual(server.wait_ended(server.submit(**REQUEST))["status"], "succeeded")

    def test_unmounted_and_mounted_again(self):
        with Disk("6m") as disk, tempfile.TemporaryDirectory(prefix="alice-mount-") as place:
            if run("mount", "--bind", disk.path, place).returncode != 0:
                raise unittest.SkipTest("nothing may be mounted here")
            try:
                with Server(data=pathlib.Path(place) / "d") as server:
                    server.wait_ready()
                    job = server.wait_ended(server.submit(**REQUEST))
                    run("umount", "-l", place)
                    self.assert_refused(self.post(server), "storage_failed")
                    self.assert_not_ready(server, "not there any more", jobs=503)  # they cannot be read either
                    self.assertEqual(list(pathlib.Path(place).iterdir()), [], "nothing is written below the mount")
                    run("mount", "--bind", disk.path, place)
                    server.wait_ready()
                    self.assertEqual(server.wait_ended(server.submit(**REQUEST))["status"], "succeeded")
                    self.assertEqual(server.job(job["id"])["status"], "succeeded")
            finally:
                run("umount", "-l", place)


class Vanished(unittest.TestCase):
    def test_a_database_that_is_deleted_loses_no_job(self):
        with Server() as server:
            server.wait_ready()
            ids = [server.submit(**REQUEST)]
            server.wait_ended(ids[0])
            for number in range(3):
                for file in server.data.glob("jobs.sqlite*"):
                    file.unlink()
                ids.append(server.submit(**REQUEST, n=number + 1))
                self.assertTrue((server.data / "jobs.sqlite").exists())
            server.kill_everything()
            server.start()
            for job in ids:
                self.assertEqual(server.wait_ended(job)["status"], "succeeded")

    def test_a_data_folder_that_is_deleted_is_made_again(self):
        with Server() as server:
            server.wait_ready()
            run("rm", "-rf", server.data)
            job = server.wait_ended(server.submit(**REQUEST))
            self.assertEqual(job["status"], "succeeded")
            self.assertEqual(len(picture_bytes(server, job)), 1)


class Private(unittest.TestCase):
    def test_other_users_read_nothing_and_cannot_hold_the_lock(self):
        before = os.umask(0)
        try:
            with Server() as server:
                server.wait_ready()
                server.wait_ended(server.submit(**REQUEST))
                for path in (server.data, *server.data.rglob("*")):
                    mode = stat.S_IMODE(path.stat().st_mode)
                    self.assertEqual(mode & 0o077, 0, f"{path} has mode {mode:o}")
                self.assertEqual(stat.S_IMODE((server.data / "lock").stat().st_mode), 0o600)
        finally:
            os.umask(before)

    def test_folders_that_are_open_to_others_are_warned_of(self):
        with tempfile.TemporaryDirectory() as folder:
            os.chmod(folder, 0o755)
            with Server(data=folder) as server:
                server.wait_ready()
                self.assertIn(f"{folder} is open to other users", server.log())
                self.assertEqual(stat.S_IMODE(os.stat(folder).st_mode), 0o755)


if __name__ == "__main__":
    unittest.main(verbosity=2)
