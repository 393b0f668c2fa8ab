"""`alice serve` as a test runs it: on a free port, with a data folder of its own, and asked over HTTP."""

import http.client
import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
import time

BUILD = pathlib.Path(os.environ.get("ALICE_BUILD_DIR", "build")).resolve()
# Nothing here waits for a guessed time; this is when a condition that does not come is called a failure.
PATIENCE_S = 120


def wait_until(condition, what, patience_s=PATIENCE_S):
    """The first true value of `condition`."""
    end = time.monotonic() + patience_s
    while time.monotonic() < end:
        value = condition()
        if value:
            return value
        time.sleep(0.02)
    raise AssertionError(f"waited {patience_s} s in vain for: {what}")


KEY = re.compile(r"alice_[a-z2-7]{8}_[\w-]{43}_\w{4}")


def prompts_in(body):
    """What people wrote, of a request's fields, where it cannot be mistaken for anything else."""
    if isinstance(body, list):
        return {text for part in body for text in prompts_in(part)}
    if not isinstance(body, dict):
        return set()
    found = {text for part in body.values() for text in prompts_in(part)}
    return found | {text for name in ("prompt", "negative_prompt", "content", "text", "label")
                    if isinstance(text := body.get(name), str) and len(text) >= 12}


class Server:
    """Starts at construction; `stop()`, or leaving a `with`, ends it."""

    def __init__(self, data=None, config="", options=(), environment=None, models=None):
        self._temporary = tempfile.TemporaryDirectory(prefix="alice-test-")
        self.folder = pathlib.Path(self._temporary.name)
        self.data = pathlib.Path(data) if data else self.folder / "data"
        self.config_file = self.folder / "config.yaml"
        self.config_file.write_text(config)
        self.log_file = self.folder / "log.txt"
        self.models = models or BUILD / "made-models"
        self.options = list(options)
        self.environment = {**os.environ, "ALICE_LOG_LEVEL": "info", "OMP_NUM_THREADS": "2", **(environment or {})}
        self.process, self.port, self.prompts = None, None, set()
        self.start()

    def __enter__(self):
        return self

    def __exit__(self, kind=None, *ignored):
        self.stop()
        if kind is None:
            self.check_log()
        self._temporary.cleanup()

    def check_log(self):
        """Whatever was done with the server: the log has no key and none of the prompts."""
        log = self.log()
        key = KEY.search(log)
        assert key is None, "a key is in the log: " + log[max(0, key.start() - 200):key.start() + 20]
        if "prompts: true" not in self.config_file.read_text():
            told = [text for text in self.prompts if text in log]
            assert not told, f"prompts are in the log: {told}"

    def start(self):
        """Again after a stop: the same data."""
        command = [BUILD / "alice", "serve", "--port", "0", "--data", self.data, "--config", self.config_file,
                   "--models", self.models, *self.options]
        log_size = self.log_file.stat().st_size if self.log_file.exists() else 0
        log = open(self.log_file, "ab")
        self.process = subprocess.Popen([str(word) for word in command], stdout=log, stderr=log,
                                        stdin=subprocess.DEVNULL, env=self.environment)
        log.close()

        def port():
            found = re.search(r"listens on http://[^\s]*:(\d+)", self.log()[log_size:])
            assert self.process.poll() is None, "the server ended at its start:\n" + self.log()[-3000:]
            return int(found.group(1)) if found else None

        self.port = wait_until(port, "the server's port in its log")

    def log(self):
        return self.log_file.read_text(errors="replace")

    def signal(self, number):
        os.kill(self.process.pid, number)

    def wait(self):
        return self.process.wait(PATIENCE_S)

    def kill_everything(self):
        for pid in [*self.worker_pids(), self.process.pid]:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass  # ended meanwhile
        self.process.wait()

    def stop(self):
        if self.process.poll() is None:
            self.signal(signal.SIGTERM)
            try:
                self.process.wait(PATIENCE_S)
            except subprocess.TimeoutExpired:
                self.kill_everything()
                raise

    # --- requests

    def connection(self, timeout_s=PATIENCE_S):
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout_s)

    def call(self, method, path, body=None, headers=None, timeout_s=PATIENCE_S):
        """(status, headers, bytes)"""
        connection = self.connection(timeout_s)
        try:
            headers = dict(headers or {})
            if body is not None and not isinstance(body, (bytes, str)):
                self.prompts.update(prompts_in(body))
                body = json.dumps(body)
                headers.setdefault("Content-Type", "application/json")
            connection.request(method, path, body=body, headers=headers)
            answer = connection.getresponse()
            return answer.status, answer.headers, answer.read()
        finally:
            connection.close()

    def get_json(self, path):
        status, _, body = self.call("GET", path)
        assert status == 200, (path, status, body)
        return json.loads(body)

    def wait_ready(self):
        wait_until(lambda: self.call("GET", "/readyz")[0] == 200, "/readyz to say yes")

    def submit(self, **request):
        """The job's id."""
        status, _, body = self.call("POST", "/v1/jobs", request)
        assert status == 202, (status, body)
        return json.loads(body)["id"]

    def job(self, job_id):
        return self.get_json("/v1/jobs/" + job_id)

    def all_jobs(self):
        """Newest first, page by page."""
        jobs, page = [], self.get_json("/v1/jobs?limit=100")["data"]
        while page:
            jobs += page
            page = self.get_json(f"/v1/jobs?limit=100&before={page[-1]['id']}")["data"]
        return jobs

    def wait_ended(self, job_id, patience_s=PATIENCE_S):
        def ended():
            job = self.job(job_id)
            return job if job["status"] in ("succeeded", "failed", "cancelled") else None
        return wait_until(ended, f"the end of job {job_id}", patience_s)

    # --- its processes

    def worker_pids(self):
        """Children of the front that are alive."""
        children = []
        for stat in pathlib.Path("/proc").glob("[0-9]*/stat"):
            try:
                fields = stat.read_text().rpartition(")")[2].split()
            except OSError:
                continue  # ended meanwhile
            if int(fields[1]) == self.process.pid and fields[0] not in "ZX":
                children.append(int(stat.parent.name))
        return children

    def resident_mb(self):
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(r"VmRSS:\s+(\d+) kB", status).group(1)) / 1024


def picture_bytes(server, job):
    """The files of a succeeded job, fetched over HTTP."""
    pictures = []
    for image in job["images"]:
        path = re.sub(r"^https?://[^/]+", "", image["url"])
        status, headers, body = server.call("GET", path)
        assert status == 200 and headers["Content-Type"] == "image/png", (path, status, headers)
        pictures.append(body)
    return pictures


if __name__ == "__main__":
    sys.exit("this is a module of the tests")
