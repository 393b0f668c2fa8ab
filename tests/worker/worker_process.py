"""An alice-worker on a socket pair, spoken to as the front does (server/link/message.h, frame.h)."""

import base64
import hashlib
import json
import os
import pathlib
import select
import shutil
import socket
import struct
import subprocess
import tempfile
import time

BUILD = pathlib.Path(os.environ["ALICE_BUILD_DIR"])
DATA = pathlib.Path(os.environ["ALICE_TEST_DATA"])
MODELS = DATA / "goldens" / "models"


def write_unknown_model(folder):
    """A model that no family knows: its network is a transformer."""
    shutil.copytree(MODELS / "tiny_sd15", folder)
    index = json.loads((folder / "model_index.json").read_text())
    index["transformer"] = index.pop("unet")
    (folder / "model_index.json").write_text(json.dumps(index))

MODEL = "sd/tiny_sd15"

# No ALICE_ variable is meant for the worker; it shares the machine with others.
ENVIRONMENT = {name: value for name, value in os.environ.items() if not name.startswith("ALICE_")}
ENVIRONMENT.update(OMP_NUM_THREADS="2", GOMP_SPINCOUNT="1000", OMP_WAIT_POLICY="passive")

LIVENESS_S = 300  # a bound on waiting for what must come, on any machine


def frame(payload):
    return struct.pack("<I", len(payload)) + payload


def small_request(**changes):
    """A GenerateRequest of 128x128 pixels, with `changes`; a value of None leaves a field out."""
    request = {"model": MODEL, "prompt": "a photo of an astronaut", "steps": 4, "width": 128, "height": 128, "seed": 7}
    request.update(changes)
    return {name: value for name, value in request.items() if value is not None}


class WorkerProcess:
    """A worker with a folder of its own. Use it in a `with`. `launch`: how a shell starts its command."""

    def __init__(self, models=MODELS, launch='exec "$@"'):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="alice-worker-test-"))
        (self.folder / "images").mkdir()
        (self.folder / "records").mkdir()
        config = self.folder / "config.yaml"
        # The plain backend: oneDNN itself dies of address space that is not given (TODO.md).
        config.write_text("logging: {level: INFO}\ngeneration: {max_pixels: 4194304, backend: cpu}\n")
        self.models = models
        self.launch = launch
        self.start()

    def start(self, **pass_over):
        """Starts a worker, which is to describe itself; once more, after the last one has ended."""
        ours, theirs = socket.socketpair()
        command = [BUILD / "alice-worker", "--config", self.folder / "config.yaml", "--models", self.models, "work"]
        number = theirs.fileno()
        self.errors = open(self.folder / "stderr", "ab")
        self.process = subprocess.Popen(
            ["sh", "-c", f"exec 3<&{number}; {self.launch}", "sh", *map(str, command)], pass_fds=[number],
            stderr=self.errors, env=ENVIRONMENT)
        theirs.close()
        self.socket = ours
        self.bytes = b""
        self.heard = []  # every message since the start
        self.describe(**pass_over)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()
        shutil.rmtree(self.folder)

    def stop(self):
        self.socket.close()
        self.process.kill()
        self.process.wait()
        self.errors.close()

    def stderr(self):
        return (self.folder / "stderr").read_text(errors="replace")

    # Speaking.

    def say(self, kind, **members):
        self.socket.sendall(frame(json.dumps({"say": kind, **members}).encode()))

    def describe(self, **pass_over):
        self.say("describe", pass_over=pass_over)

    def start_job(self, job, request, attempt=1, preview_every=0, record=None, pictures=None, most_bytes=0,
                  most_seconds=0):
        self.say("start_job", job=job, attempt=attempt, request=request, preview_every=preview_every,
                 pictures_folder=str(pictures or self.folder / "images"), inputs_folder=str(self.folder / "inputs"),
                 record_file=str(record or self.record_of(job)), max_record=1 << 30, reserve=0, most_bytes=most_bytes,
                 most_seconds=most_seconds)

    def cancel(self, job, attempt=1):
        self.say("cancel_job", job=job, attempt=attempt)

    def record_of(self, job):
        return self.folder / "records" / job

    # Hearing.

    def hear(self, timeout_s=LIVENESS_S):
        """The next message; None when the worker has closed its end."""
        deadline = time.monotonic() + timeout_s
        while True:
            if len(self.bytes) >= 4:
                size = struct.unpack("<I", self.bytes[:4])[0]
                if len(self.bytes) >= 4 + size:
                    message = json.loads(self.bytes[4:4 + size])
                    self.bytes = self.bytes[4 + size:]
                    self.heard.append(message)
                    return message
            if not select.select([self.socket], [], [], max(0, deadline - time.monotonic()))[0]:
                raise TimeoutError(f"nothing was heard for {timeout_s} s; stderr: {self.stderr()}")
            try:
                received = self.socket.recv(1 << 16)
            except ConnectionResetError:
                received = b""
            if not received:
                return None
            self.bytes += received

    def hear_until(self, *kinds, **members):
        """Everything up to the first message of one of `kinds` with these members, that one last."""
        messages = []
        while True:
            message = self.hear()
            if message is None:
                raise EOFError(f"the worker ended ({self.process.wait()}) before it said {kinds}: {self.stderr()}")
            messages.append(message)
            if message["say"] in kinds and all(message.get(name) == value for name, value in members.items()):
                return messages

    def end_of(self, job):
        """All messages up to the job's end."""
        return self.hear_until("job_done", "job_failed", job=job)

    def pictures(self, messages):
        """The bytes of the pictures that were reported, checked against what was reported of them."""
        bytes_of = []
        for message in messages:
            if message["say"] != "job_picture":
                continue
            picture = message["picture"]
            content = (self.folder / "images" / picture["file"]).read_bytes()
            assert hashlib.sha256(content).hexdigest() == picture["sha256"], picture
            assert len(content) == picture["bytes"], picture
            bytes_of.append(content)
        return bytes_of


def preview_png(message):
    return base64.b64decode(message["png"], validate=True)


def of_kind(messages, kind):
    return [message for message in messages if message["say"] == kind]
