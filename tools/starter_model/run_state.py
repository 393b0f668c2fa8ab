"""A training run's life: checkpoints that are whole or absent, a clock, and a pause.

A run lives in a folder of the state directory: state.pt (weights, average, optimiser, random state, counters), log.txt.
"""
import math
import os
import signal
import time
from pathlib import Path

import torch

CHECKPOINT_SECONDS = 180
PAUSE_FILE = "PAUSE"  # in the state directory: while it exists, training waits


class Run:
    def __init__(self, state, name, hours):
        self.state, self.folder = Path(state), Path(state) / name
        self.folder.mkdir(parents=True, exist_ok=True)
        self.stop_at = time.monotonic() + hours * 3600
        self.saved_at = time.monotonic()
        self.trained_seconds = 0.0
        self.mark = time.monotonic()
        self.asked_to_stop = False
        signal.signal(signal.SIGTERM, self._stop)

    def _stop(self, *_):
        self.asked_to_stop = True

    @property
    def file(self):
        return self.folder / "state.pt"

    def load(self):
        """The last checkpoint, or None."""
        if not self.file.exists():
            return None
        saved = torch.load(self.file)
        self.trained_seconds = saved["trained_seconds"]
        return saved

    def save(self, **content):
        aside = self.file.with_suffix(".new")
        torch.save(dict(content, trained_seconds=self.trained_seconds), aside)
        os.replace(aside, self.file)
        self.saved_at = time.monotonic()

    def tick(self):
        """Between two steps: counts the time, waits while there is a pause. False when the clock has run out
        or a SIGTERM came."""
        now = time.monotonic()
        self.trained_seconds += now - self.mark
        if (self.state / PAUSE_FILE).exists():
            self.log("paused")
            while (self.state / PAUSE_FILE).exists() and not self.asked_to_stop:
                time.sleep(1)
            self.log("goes on")
        self.mark = time.monotonic()
        return self.mark < self.stop_at and not self.asked_to_stop

    @property
    def save_due(self):
        """After a while, and before a pause, which may be the session's last."""
        age = time.monotonic() - self.saved_at
        return age > CHECKPOINT_SECONDS or age > 5 and (self.state / PAUSE_FILE).exists()

    def log(self, text):
        line = f"{time.strftime('%H:%M:%S', time.gmtime())} {self.trained_seconds / 60:7.1f} min  {text}"
        print(line, flush=True)
        with open(self.folder / "log.txt", "a", encoding="utf-8") as file:
            file.write(line + "\n")


def cosine(step, steps, peak, low, warm_up=100):
    """Learning rate: linear warm-up, then a cosine from peak to low at the last step."""
    if step < warm_up:
        return peak * (step + 1) / warm_up
    return low + (peak - low) * (1 + math.cos(math.pi * min(step / steps, 1))) / 2


def take_step(optimiser, loss, rate):
    """One step down the loss at this learning rate; a gradient that is longer than 1 is cut to 1."""
    for group in optimiser.param_groups:
        group["lr"] = rate
    optimiser.zero_grad(set_to_none=True)
    loss.backward()
    torch.nn.utils.clip_grad_norm_([p for group in optimiser.param_groups for p in group["params"]], 1.0)
    optimiser.step()


class Average:
    """Exponential moving average of a module's parameters; the first steps weigh less (as 1 - 10 / (10 + step))."""

    def __init__(self, module, decay):
        self.decay = decay
        self.values = [p.detach().clone() for p in module.parameters()]

    @torch.no_grad()
    def update(self, module, step):
        decay = min(self.decay, (1 + step) / (10 + step))
        for value, parameter in zip(self.values, module.parameters()):
            value.lerp_(parameter, 1 - decay)

    @torch.no_grad()
    def swap(self, module):
        """Exchanges the module's parameters with the average's; twice is none."""
        for value, parameter in zip(self.values, module.parameters()):
            kept = parameter.detach().clone()
            parameter.copy_(value)
            value.copy_(kept)
