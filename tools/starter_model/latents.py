"""The scenes that the UNet learns from, and their latents, encoded once.

latents.pt holds the raw latents of scene_plan() in its order, in float16, and the map into the UNet's coordinates.
"""
from pathlib import Path

import numpy
import torch

from .choice import chosen_emoji
from .latent_space import LatentSpace
from .pictures import render
from .run_state import Run
from .scenes import COLOUR_NAMES, PLACES, Stage, canonical, colour_of, pair, placed
from .vae import AutoencoderKL

SEED = 7
PLACED_EACH = 3  # pictures of each thing in each place
PAIRS = 12000
BATCH = 32


def some_colour(random):
    return "white" if random.random() < 0.4 else str(random.choice(COLOUR_NAMES))


def scene_plan(count):
    """kind -> list of scenes: "whole" (thing by thing, all colours of each), "placed", "pairs"."""
    random = numpy.random.default_rng(SEED)
    whole = [canonical(i, colour) for i in range(count) for colour in COLOUR_NAMES]
    places = [placed(i, place, some_colour(random), random)
              for i in range(count) for place in PLACES for _ in range(PLACED_EACH)]
    pairs, random = [], numpy.random.default_rng(SEED + 1)  # their own: more PAIRS change nothing else
    for i in range(PAIRS):  # every thing is as often the first; the second one is another
        first, other, colour = i % count, int(random.integers(count - 1)), some_colour(random)
        pairs.append(pair(first, (first + 1 + other) % count, colour_of(colour), colour, random))
    return {"whole": whole, "placed": places, "pairs": pairs}


def load_vae(state, name):
    """The average of a training run's weights, ready for use."""
    saved = torch.load(Path(state) / name / "state.pt")
    vae = AutoencoderKL(saved["config"])
    for parameter, value in zip(vae.parameters(), saved["average"]):
        parameter.data.copy_(value)
    return vae.eval().requires_grad_(False)


@torch.no_grad()
def make_latents(state, vae_run, name):
    run = Run(state, name, hours=1e3)
    vae, stage = load_vae(state, vae_run), Stage(render(chosen_emoji()))
    scenes = [scene for part in scene_plan(len(stage.originals)).values() for scene in part]
    parts = []
    for start in range(0, len(scenes), BATCH):
        run.tick()
        pictures = numpy.stack([stage.draw(scene) for scene in scenes[start : start + BATCH]])
        parts.append(vae.encode(torch.from_numpy(pictures) * 2 - 1)[0].half())
        if start // BATCH % 100 == 0:
            run.log(f"{start} of {len(scenes)} scenes encoded")
    latents = torch.cat(parts)
    space = LatentSpace.of(vae, latents[: len(stage.originals) * len(COLOUR_NAMES)].float())
    torch.save({"latents": latents, "mean": space.mean, "matrix": space.matrix}, run.folder / "latents.pt")
    run.log(f"{len(latents)} latents of {tuple(latents.shape[1:])}")
