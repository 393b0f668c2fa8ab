"""Trains text encoder and UNet together on cached latents."""
from dataclasses import dataclass
from pathlib import Path

import numpy
import torch
from torch import nn
from torch.nn import functional as F

from .byte_pairs import Tokenizer
from .captions import Captions
from .choice import chosen_emoji
from .latent_space import LatentSpace
from .latents import load_vae, scene_plan
from .noise import TRAIN_STEPS, shares
from .pictures import render
from .run_state import Average, Run, cosine, take_step
from .scenes import Stage
from .text_encoder import POSITIONS, TextEncoder, text_config
from .trial import EVERY_STEPS, Trial
from .unet import UNet, unet_config
from .vocabulary import learn_tokenizer
from .word_looks import give_words_their_looks

BATCH = 32
PEAK_RATE, LOW_RATE, WARM_UP = 1.2e-3, 4e-5, 300
AVERAGE = 0.999
EMPTY_SHARE = 0.1  # captions dropped, for guidance
KINDS = {"whole": 0.66, "placed": 0.09, "pairs": 0.25}
WHITE_SHARE = 0.4  # of the whole things


@dataclass(frozen=True)
class Chapter:
    """What is taught until `end` (a share of all steps)."""

    end: float
    kinds: dict
    white_share: float
    noisy_share: float  # of the time steps that come from where only the caption can tell what is drawn
    noisy_from: int


# Names first. In a mixture from the start, backgrounds outweigh everything, 400 names that nobody can read yet are noise
# to the UNet, and the quickest way to a smaller loss is to silence them: after 130,000 pictures the text encoder gave
# them all one vector. Alone, on white and in deep noise, they are read after 5,000.
CHAPTERS = (
    Chapter(0.04, {"whole": 1.0}, 1.0, 1.0, 850),
    Chapter(0.12, {"whole": 1.0}, 0.6, 0.8, 700),
    Chapter(1.0, KINDS, WHITE_SHARE, 0.4, 600),
)
# Then once more, at a rate of its own, what is hardest: two things of half the size. After the chapters alone, both were
# found in 50 % of 100 pairs, and single things were named without a fault.
REVISION = Chapter(1.0, {"whole": 0.4, "placed": 0.05, "pairs": 0.55}, WHITE_SHARE, 0.3, 600)
REVISION_STEPS, REVISION_RATE, REVISION_WARM_UP = 1500, 4e-4, 50
SHORT = 20  # tokens: every caption fits. Readers pad to 77, and the UNet attends to the padding: some batches have it,
LONG_SHARE, LONG_FROM = 0.15, 0.85  # and all of them in the last part of the chapters; in the revision half of them
LONG_SHARE_REVISED = 0.5
LAYOUTS = {  # latents' side -> widths, attention, heads of the UNet's levels
    16: ((48, 96, 128), (0, 1, 1), (2, 2, 2)),
    32: ((48, 64, 104, 136), (0, 0, 1, 1), (2, 2, 2, 2)),
}


class Denoiser(nn.Module):
    """What is trained: both parts in one module, so that one optimiser and one average hold them."""

    def __init__(self, side, vocabulary):
        super().__init__()
        widths, attends, heads = LAYOUTS[side]
        self.text_encoder = TextEncoder(text_config(vocabulary))
        width = self.text_encoder.config["hidden_size"]
        self.unet = UNet(unet_config(widths, attends, heads, side, width, layers=1))


class Lesson:
    """Draws batches: latents in the UNet's coordinates and their captions' tokens."""

    def __init__(self, file, emoji, captions, tokenizer):
        saved = torch.load(file)
        self.space, self.latents = LatentSpace(saved["mean"], saved["matrix"]), saved["latents"]
        plan = scene_plan(len(emoji))
        self.scenes = [scene for part in plan.values() for scene in part]
        ends = numpy.cumsum([len(part) for part in plan.values()])
        self.ranges = {kind: (end - len(part), end) for (kind, part), end in zip(plan.items(), ends)}
        start, end = self.ranges["whole"]
        self.whites = [i for i in range(start, end) if self.scenes[i].colour_name == "white"]
        if len(self.scenes) != len(self.latents):
            raise ValueError(f"{file}: holds {len(self.latents)} latents, the plan has {len(self.scenes)} scenes")
        self.captions = captions
        self.tokenizer = tokenizer

    @property
    def side(self):
        return self.latents.shape[-1]

    def pick(self, random, chapter):
        kind = random.choice(list(chapter.kinds), p=list(chapter.kinds.values()))
        if kind == "whole" and random.random() < chapter.white_share:
            return self.whites[int(random.integers(len(self.whites)))]
        return int(random.integers(*self.ranges[kind]))

    def batch(self, random, length, chapter=CHAPTERS[-1]):
        """x_0 [BATCH, 4, H, W], ids [BATCH, length]."""
        picked = [self.pick(random, chapter) for _ in range(BATCH)]
        texts = ["" if random.random() < EMPTY_SHARE else self.captions.of(self.scenes[i], random) for i in picked]
        ids = torch.tensor([self.tokenizer.encode(text, length) for text in texts])
        return self.space.enter(self.latents[picked].float()), ids


def some_times(chapter):
    """t [BATCH]: one from each of BATCH equal parts of the chapter's distribution, in no order."""
    place = (torch.randperm(BATCH) + torch.rand(BATCH)) / BATCH
    share, start = chapter.noisy_share, chapter.noisy_from
    noisy = start + place / share * (TRAIN_STEPS - start)
    anywhere = (place - share) / max(1 - share, 1e-6) * TRAIN_STEPS
    return torch.where(place < share, noisy, anywhere).long().clamp(0, TRAIN_STEPS - 1)


def rate_at(step, steps):
    if step < steps:
        return cosine(step, steps, PEAK_RATE, LOW_RATE, WARM_UP)
    return cosine(step - steps, REVISION_STEPS, REVISION_RATE, LOW_RATE, REVISION_WARM_UP)


def chapter_at(step, steps):
    return next((c for c in CHAPTERS if step < c.end * steps), REVISION)


def long_share_at(step, steps):
    if step >= steps:
        return LONG_SHARE_REVISED
    return LONG_SHARE if step < LONG_FROM * steps else 1


def load_lesson(state, saved, emoji, captions):
    """What a finished run (its checkpoint) was taught by."""
    return Lesson(Path(state) / saved["latents_run"] / "latents.pt", emoji, captions, Tokenizer(saved["merges"]))


def load_trained(state, run):
    """The average of a training run: (model, what the run saved)."""
    saved = torch.load(Path(state) / run / "state.pt")
    model = Denoiser(saved["unet_config"]["sample_size"], saved["text_config"]["vocab_size"])
    for parameter, value in zip(model.parameters(), saved["average"]):
        parameter.data.copy_(value)
    return model.eval().requires_grad_(False), saved


def train_unet(state, name, vae_run, latents_run, steps, hours):
    """steps: of the chapters; the revision follows."""
    torch.manual_seed(2)
    random = numpy.random.default_rng(2)
    emoji = chosen_emoji()
    run, step, captions = Run(state, name, hours), 0, Captions(emoji)
    saved = run.load()
    tokenizer = Tokenizer(saved["merges"]) if saved else learn_tokenizer(captions)
    lesson = Lesson(Path(state) / latents_run / "latents.pt", emoji, captions, tokenizer)
    model = Denoiser(lesson.side, len(tokenizer))
    give_words_their_looks(model.text_encoder.text_model.embeddings.token_embedding.weight, tokenizer, captions,
                           lesson.space.enter(lesson.latents[lesson.whites].float()))
    optimiser = torch.optim.AdamW(model.parameters(), lr=PEAK_RATE, betas=(0.9, 0.99), weight_decay=1e-3)
    average = Average(model, AVERAGE)

    if saved:
        model.load_state_dict(saved["weights"])
        average.values = saved["average"]
        optimiser.load_state_dict(saved["optimiser"])
        step = saved["step"]
        torch.set_rng_state(saved["torch_random"])
        random.bit_generator.state = saved["numpy_random"]
    sizes = [sum(p.numel() for p in part.parameters()) for part in (model.text_encoder, model.unet)]
    run.log(f"text encoder {sizes[0]} and UNet {sizes[1]} weights, latents of {lesson.side}, step {step} of {steps}")
    trial = Trial(load_vae(state, vae_run), lesson, Stage(render(emoji)), run)

    def save():
        run.save(vae_run=vae_run, latents_run=latents_run, merges=tokenizer.merges,
                 text_config=model.text_encoder.config, unet_config=model.unet.config, weights=model.state_dict(),
                 average=average.values, optimiser=optimiser.state_dict(), step=step,
                 torch_random=torch.get_rng_state(), numpy_random=random.bit_generator.state)

    losses = []
    while step < steps + REVISION_STEPS and run.tick():
        chapter = chapter_at(step, steps)
        short = random.random() >= long_share_at(step, steps)
        x0, ids = lesson.batch(random, SHORT if short else POSITIONS, chapter)
        t = some_times(chapter)
        a, s = shares(t)
        noise = torch.randn_like(x0)
        v = model.unet(a * x0 + s * noise, t, model.text_encoder(ids))
        loss = F.mse_loss(v, a * noise - s * x0)
        take_step(optimiser, loss, rate_at(step, steps))
        step += 1
        average.update(model, step)
        losses.append(loss.item())
        if step % 100 == 0:
            run.log(f"step {step}, {step * BATCH} pictures, loss {numpy.mean(losses[-100:]):.4f}")
        if run.save_due:
            save()
        if step % EVERY_STEPS == 0:
            average.swap(model)
            trial.hold(model, step)
            average.swap(model)
        del losses[:-100]
    save()
    average.swap(model)
    trial.hold(model, step)
    run.log("done" if step >= steps + REVISION_STEPS else "stopped")
