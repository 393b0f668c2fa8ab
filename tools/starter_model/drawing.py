"""Draws the prompts of a list with the exported folder: a second reader of the files, beside ALICE."""
import json
from pathlib import Path

import numpy
import torch
from PIL import Image

from .byte_pairs import read_tokenizer
from .noise import ddim, guided
from .safetensors import read_safetensors
from .text_encoder import TextEncoder
from .unet import UNet
from .vae import AutoencoderKL

CHUNK = 20


def load_part(kind, folder, file):
    part = kind(json.loads((folder / "config.json").read_text(encoding="utf-8")))
    part.load_state_dict({name: torch.from_numpy(a).float() for name, a in read_safetensors(folder / file).items()})
    return part.eval().requires_grad_(False)


class Painter:
    def __init__(self, folder):
        folder = Path(folder)
        self.tokenizer = read_tokenizer(folder / "tokenizer")
        self.text_encoder = load_part(TextEncoder, folder / "text_encoder", "model.safetensors")
        self.unet = load_part(UNet, folder / "unet", "diffusion_pytorch_model.safetensors")
        self.vae = load_part(AutoencoderKL, folder / "vae", "diffusion_pytorch_model.safetensors")

    def encode(self, prompts):
        return self.text_encoder(torch.tensor([self.tokenizer.encode(prompt) for prompt in prompts]))

    @torch.no_grad()
    def draw(self, prompts, seeds, steps, guidance):
        """uint8 [N, H, W, 3]. The noise is torch's own of each seed, as diffusers draws it on a CPU."""
        side = self.unet.config["sample_size"]
        generators = [torch.Generator().manual_seed(seed) for seed in seeds]
        noise = torch.cat([torch.randn(1, 4, side, side, generator=generator) for generator in generators])
        latents = ddim(guided(self.unet, self.encode(prompts), self.encode([""]), guidance), noise, steps)
        pictures = (self.vae.decode(latents) / 2 + 0.5).clamp(0, 1)
        return (pictures * 255).round().byte().permute(0, 2, 3, 1).numpy()


def draw_prompts(folder, prompts, out, steps, guidance):
    entries, painter = json.loads(Path(prompts).read_text(encoding="utf-8")), Painter(folder)
    Path(out).mkdir(parents=True, exist_ok=True)
    for start in range(0, len(entries), CHUNK):
        part = entries[start : start + CHUNK]
        drawn = painter.draw([e["prompt"] for e in part], [e["seed"] for e in part], steps, guidance)
        for entry, pixels in zip(part, numpy.asarray(drawn)):
            Image.fromarray(pixels).save(Path(out) / entry["file"])
