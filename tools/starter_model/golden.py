"""Reference outputs of an exported folder, as `alice check compat` reads them: tokens, text, VAE and UNet."""
import json
import shutil
from pathlib import Path

import torch

from .drawing import Painter
from .prompts import prompt_list
from .safetensors import write_safetensors

FAMILY = "sd15"
TEXTS = ["", "a Rocket, on a blue background; it's 42 t-shirts", "naïve café, 日本", "unheard-of wordiness " * 30]
TIMES = (999, 500.25, 1)


@torch.no_grad()
def write_golden(model, out):
    out, painter = Path(out), Painter(model)
    shutil.copytree(model, out / "models" / f"tiny_{FAMILY}", dirs_exist_ok=True)
    for part in ("tokenizer", "text", "vae", "unet"):
        (out / part).mkdir(exist_ok=True)

    texts = TEXTS + [entry["prompt"] for entry in prompt_list()]
    encode_all, encode = painter.tokenizer.encode_all, painter.tokenizer.encode
    cases = [{"text": text, "ids": encode_all(text), "padded": encode(text)} for text in texts]
    (out / "tokenizer" / "cases.json").write_text(json.dumps({"cases": cases}), encoding="utf-8")

    states = {f"{FAMILY}/{i}/last": painter.encode([text]) for i, text in enumerate(TEXTS)}
    states.update({f"{FAMILY}/{i}/ids": torch.tensor([encode(text)]) for i, text in enumerate(TEXTS)})
    write_safetensors(out / "text" / "text.safetensors", states)
    (out / "text" / "text.json").write_text(json.dumps({"prompts": TEXTS, "negative": ""}), encoding="utf-8")

    random = torch.Generator().manual_seed(3)
    side, size = painter.unet.config["sample_size"], painter.vae.config["sample_size"]
    latents, noise = (torch.randn(2, 4, side, side, generator=random) for _ in range(2))
    image = torch.rand(2, 3, size, size, generator=random) * 2 - 1
    mean, logvar = painter.vae.encode(image)
    vae = {"image": image, "mean": mean, "logvar": logvar, "noise": noise, "sample": mean + (logvar / 2).exp() * noise,
           "latent": latents, "decoded": painter.vae.decode(latents)}
    write_safetensors(out / "vae" / "vae.safetensors", {f"{FAMILY}/0/{name}": value for name, value in vae.items()})

    unet, calls = {}, []
    context = painter.encode(TEXTS[:2])
    for i, t in enumerate(TIMES):
        key = f"{FAMILY}/{i}"
        calls.append({"key": key, "timestep": t})
        unet.update({f"{key}/sample": latents, f"{key}/context": context,
                     f"{key}/out": painter.unet(latents, torch.tensor([t, t]), context)})
    write_safetensors(out / "unet" / "unet.safetensors", unet)
    (out / "unet" / "unet.json").write_text(json.dumps({"cases": calls}), encoding="utf-8")
