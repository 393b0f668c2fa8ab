"""How well the autoencoder keeps pictures: every chosen emoji, on white and on the other named colours."""
import numpy
import torch

from .choice import chosen_emoji
from .distances import gradient_energy
from .latents import load_vae
from .pictures import render
from .scenes import COLOUR_NAMES, Stage, canonical
from .sheet import contact_sheet
from .train_vae import round_trip, round_trip_psnr

SHOWN, COLUMNS = 96, 24


def measure_vae(state, run, sheet=None):
    vae, stage = load_vae(state, run), Stage(render(chosen_emoji()))
    count = len(stage.originals)
    for colour in COLOUR_NAMES:
        psnr = round_trip_psnr(vae, stage, count, colour)
        print(f"{colour:7} mean {psnr.mean():.2f}, 5th percentile {psnr.quantile(0.05):.2f}, least {psnr.min():.2f} dB")
    originals = numpy.stack([stage.draw(canonical(i)) for i in range(count)])
    parts = [round_trip(vae, torch.from_numpy(originals[i : i + 16])) for i in range(0, count, 16)]
    restored = torch.cat(parts).numpy()
    energy = [numpy.mean([gradient_energy(p) for p in pictures]) for pictures in (restored, originals)]
    print(f"gradient energy on white: {energy[0] / energy[1]:.1%} of the originals'")
    if sheet:
        shown = []
        for start in range(0, SHOWN, COLUMNS):
            picks = [i * count // SHOWN for i in range(start, start + COLUMNS)]
            shown += [originals[i] for i in picks] + [restored[i] for i in picks]
        contact_sheet(shown, COLUMNS).save(sheet)
