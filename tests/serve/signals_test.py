#!/usr/bin/env python3
"""Starting and stopping: SIGTERM drains, a second one stops at once, a restart takes up what was left; systemd is told."""

import os
import pathlib
import signal
import socket
import subprocess
import tempfile
import time
import unittest

from alice_server import BUILD, Server, picture_bytes, wait_until

LONG = {"model": "sd/tiny", "prompt": "a cat", "seed": 5, "steps": 300, "width": 128, "height": 128,
        "scheduler": "euler_a"}
SHORT = {"model": "sd/tiny", "prompt": "a cat", "seed": 5, "steps": 4}


class SignalsTest(unittest.TestCase):
    def begin(self, server, **request):
        job_id = server.submit(**request)
        wait_until(lambda: server.job(job_id)["status"] == "running", "the job to run")
        return job_id

    def test_sigterm_lets_the_running_job_finish_and_keeps_the_waiting_ones(self):
        with Server() as server:
            server.wait_ready()
            running = self.begin(server, **dict(LONG, steps=40))
            waiting = server.submit(**SHORT)
            server.signal(signal.SIGTERM)
            self.assertEqual(server.wait(), 0, server.log()[-2000:])
            server.start()
            self.assertEqual(server.job(running)["status"], "succeeded")
            self.assertEqual(server.job(running)["attempts"], 1)
            self.assertEqual(server.wait_ended(waiting)["status"], "succeeded")

    def test_while_it_drains_it_is_alive_and_not_ready_and_takes_no_jobs(self):
        with Server(config="server: {drain_timeout: 60}\n") as server:
            server.wait_ready()
            self.begin(server, **LONG)
            server.signal(signal.SIGTERM)
            wait_until(lambda: server.call("GET", "/readyz")[0] == 503, "/readyz to say no")
            self.assertEqual(server.call("GET", "/livez")[0], 200)
            status, headers, _ = server.call("POST", "/v1/jobs", SHORT)
            self.assertEqual(status, 503)
            self.assertIn("Retry-After", headers)
            server.signal(signal.SIGTERM)
            server.wait()

    def test_what_is_not_done_by_the_deadline_goes_on_from_its_record_after_the_restart(self):
        with Server(config="server: {drain_timeout: 0.2}\n") as server:
            server.wait_ready()
            undisturbed = picture_bytes(server, server.wait_ended(server.submit(**LONG)))
            job_id = self.begin(server, **LONG)
            wait_until(lambda: (server.data / "records").exists() and
                       sum(f.stat().st_size for f in (server.data / "records").iterdir()) > 100000, "some recorded steps")
            server.signal(signal.SIGTERM)
            self.assertEqual(server.wait(), 0)
            server.start()
            job = server.wait_ended(job_id)
            self.assertEqual(job["status"], "succeeded")
            self.assertGreater(job["resumed_from"], 0)
            self.assertEqual(picture_bytes(server, job), undisturbed)
            self.assertEqual(list((server.data / "records").iterdir()), [])

    def test_a_second_signal_stops_at_once_and_no_worker_stays(self):
        with Server(config="server: {drain_timeout: 600}\n") as server:
            server.wait_ready()
            self.begin(server, **LONG)
            workers = server.worker_pids()
            self.assertEqual(len(workers), 1)
            server.signal(signal.SIGINT)
            wait_until(lambda: server.call("GET", "/readyz")[0] == 503, "the drain")
            server.signal(signal.SIGINT)
            server.wait()
            wait_until(lambda: not any(pathlib.Path(f"/proc/{pid}").exists() for pid in workers), "the worker's end")

    def test_workers_end_when_the_front_is_killed(self):
        with Server() as server:
            server.wait_ready()
            self.begin(server, **LONG)
            workers = server.worker_pids()
            os.kill(server.process.pid, signal.SIGKILL)
            server.wait()
            wait_until(lambda: not any(pathlib.Path(f"/proc/{pid}").exists() for pid in workers), "the worker's end")

    def test_systemd_is_told_when_it_listens_and_when_it_stops(self):
        with tempfile.TemporaryDirectory() as folder:
            listener = self.enterContext(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM))
            listener.bind(folder + "/notify")
            listener.settimeout(60)
            with Server(environment={"NOTIFY_SOCKET": folder + "/notify"}) as server:
                self.assertIn(b"READY=1", listener.recv(4096))
                self.assertEqual(server.call("GET", "/livez")[0], 200)
                server.signal(signal.SIGTERM)
                said = b""
                while b"STOPPING=1" not in said:
                    said = listener.recv(4096)
                server.wait()

    def test_a_taken_port_and_a_taken_data_folder_are_refused_with_a_word(self):
        with Server() as server:
            for options, word in ((["--port", str(server.port), "--data", str(server.folder / "other")], str(server.port)),
                                  (["--port", "0", "--data", str(server.data)], str(server.data))):
                second = subprocess.run([BUILD / "alice", "serve", *options, "--config", server.config_file],
                                        capture_output=True, text=True, timeout=60, check=False)
                self.assertEqual(second.returncode, 3, second.stderr)
                self.assertIn(word, second.stderr)
            self.assertEqual(server.call("GET", "/livez")[0], 200)

    def test_a_wrong_configuration_is_refused_before_anything_starts(self):
        with tempfile.TemporaryDirectory() as folder:
            config = pathlib.Path(folder) / "config.yaml"
            config.write_text("server: {prot: 1}\njobs: {queue_size: 0}\n")
            begin = time.monotonic()
            run = subprocess.run([BUILD / "alice", "serve", "--config", config], capture_output=True, text=True,
                                 timeout=60, check=False)
            self.assertEqual(run.returncode, 3)
            for word in ("config.yaml:1:10", "did you mean 'port'", "config.yaml:2:20"):
                self.assertIn(word, run.stderr)
            self.assertLess(time.monotonic() - begin, 30)


if __name__ == "__main__":
    unittest.main(verbosity=2)
