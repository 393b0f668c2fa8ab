#!/usr/bin/env python3
"""`alice storage`: what is kept and what would go, beside the server and without it."""

import json
import subprocess
import unittest

from alice_server import BUILD, Server


class StorageTest(unittest.TestCase):
    def storage(self, server, *words):
        return subprocess.run([BUILD / "alice", "storage", *words, "--data", server.data, "--config", server.config_file],
                              capture_output=True, text=True)

    def test_what_is_kept_is_counted_and_what_is_young_would_stay(self):
        with Server(config="retention: {jobs: {max_count: 0}, pictures: {max_size: 1kB}}\n") as server:
            server.wait_ready()
            jobs = [server.submit(model="sd/tiny", prompt="a cat", steps=1, n=2) for _ in range(2)]
            for job in jobs:
                server.wait_ended(job)
            server.call("POST", f"/v1/jobs/{jobs[0]}/kept")
            for _ in ("beside the server", "without it"):
                use = json.loads(self.storage(server, "status", "--json").stdout)
                self.assertEqual((use["jobs"], use["kept_jobs"], use["pictures"]), (2, 1, 4))
                self.assertGreater(use["picture_bytes"], 100)
                self.assertEqual(json.loads(self.storage(server, "sweep", "--dry-run", "--json").stdout), [])
                self.assertIn("0 would go", self.storage(server, "sweep", "--dry-run").stdout)
                server.stop()

    def test_what_is_wrong_is_said(self):
        with Server() as server:
            refused = self.storage(server, "sweep")
            self.assertEqual(refused.returncode, 2)
            self.assertIn("--dry-run", refused.stderr)
            gone = subprocess.run([BUILD / "alice", "storage", "status", "--data", server.folder / "nowhere"],
                                  capture_output=True, text=True)
            self.assertEqual(gone.returncode, 1)
            self.assertIn("there is no database of jobs", gone.stderr)


if __name__ == "__main__":
    unittest.main()
