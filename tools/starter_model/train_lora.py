"""Trains a LoRA on the base model: the same things by the same names, in another style."""
import time

import numpy
import torch
from torch.nn import functional as F

from .captions import Captions
from .choice import chosen_emoji
from .latents import load_vae
from .lora import adapt, kohya_tensors, peft_tensors
from .noise import TRAIN_STEPS, shares
from .pictures import render
from .run_state import cosine, take_step
from .safetensors import write_safetensors
from .scenes import Stage
from .styles import STYLES
from .text_encoder import POSITIONS
from .train_unet import load_lesson, load_trained

BATCH = 16
RANK, ALPHA = 4, 4
PEAK_RATE, LOW_RATE, WARM_UP = 2e-3, 1e-4, 50
EMPTY_SHARE = 0.1  # captions dropped, for guidance
WRITERS = {"kohya": kohya_tensors, "peft": peft_tensors}


class StyleLesson:
    """The base model's whole things and captions, drawn in a style and encoded as they are needed."""

    def __init__(self, base, vae, stage, style):
        self.base, self.vae, self.stage, self.style, self.seen = base, vae, stage, STYLES[style], {}

    def latent(self, i):
        if i not in self.seen:
            picture = torch.from_numpy(self.style(self.stage, self.base.scenes[i]).astype(numpy.float32))
            self.seen[i] = self.base.space.enter(self.vae.encode(picture[None] * 2 - 1)[0])[0]
        return self.seen[i]

    @torch.no_grad()
    def batch(self, random):
        """x_0 [BATCH, 4, H, W], ids [BATCH, POSITIONS]."""
        start, end = self.base.ranges["whole"]
        picked = [int(random.choice(self.base.whites) if random.random() < 0.5 else random.integers(start, end))
                  for _ in range(BATCH)]
        texts = ["" if random.random() < EMPTY_SHARE else self.base.captions.of(self.base.scenes[i], random)
                 for i in picked]
        ids = torch.tensor([self.base.tokenizer.encode(text, POSITIONS) for text in texts])
        return torch.stack([self.latent(i) for i in picked]), ids


def train_lora(state, base_run, style, steps, files):
    """files: format ("kohya" or "peft") -> the file to write."""
    torch.manual_seed(6)
    random, emoji = numpy.random.default_rng(6), chosen_emoji()
    model, saved = load_trained(state, base_run)
    base = load_lesson(state, saved, emoji, Captions(emoji))
    lesson = StyleLesson(base, load_vae(state, saved["vae_run"]), Stage(render(emoji)), style)
    adapted = adapt(model.unet, RANK, ALPHA)
    parameters = [p for p in model.unet.parameters() if p.requires_grad]
    optimiser = torch.optim.AdamW(parameters, lr=PEAK_RATE, betas=(0.9, 0.99), weight_decay=0)
    began, losses = time.monotonic(), []
    for step in range(steps):
        x0, ids = lesson.batch(random)
        t = ((torch.randperm(BATCH) + torch.rand(BATCH)) / BATCH * TRAIN_STEPS).long()
        a, s = shares(t)
        noise = torch.randn_like(x0)
        with torch.no_grad():
            context = model.text_encoder(ids)
        loss = F.mse_loss(model.unet(a * x0 + s * noise, t, context), a * noise - s * x0)
        take_step(optimiser, loss, cosine(step, steps, PEAK_RATE, LOW_RATE, WARM_UP))
        losses.append(loss.item())
        if (step + 1) % 50 == 0:
            print(f"{style}: {(time.monotonic() - began) / 60:5.1f} min  step {step + 1} of {steps}, "
                  f"loss {numpy.mean(losses[-50:]):.4f}", flush=True)
    for form, file in files.items():
        write_safetensors(file, {name: tensor.half() for name, tensor in WRITERS[form](adapted, ALPHA).items()})
