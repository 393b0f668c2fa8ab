"""Trained models as diffusers folders in float16."""
import json
import shutil
from pathlib import Path

import torch

from .byte_pairs import Tokenizer
from .choice import chosen_names
from .latent_space import LatentSpace
from .latents import load_vae
from .noise import ddim_config, lcm_config
from .safetensors import write_safetensors
from .train_unet import load_trained

LARGEST = 16_000_000  # bytes of all weights together
BASE_DEFAULTS = {"steps": 20, "guidance_scale": 3.0}
TURBO_DEFAULTS = {"steps": 4, "guidance_scale": 1.0}

SHOWN = ["a rocket on a blue background", "red apple", "grinning face", "a cat and a pizza",
         "a sunflower on a black background", "fire engine", "panda", "a snail on a yellow background"]


def model_index(scheduler, defaults):
    """defaults: what ALICE takes where a request says nothing. Other readers pass over names that begin with _."""
    return {
        "_class_name": "StableDiffusionPipeline",
        "_diffusers_version": "0.40.0",
        "_defaults": defaults,
        "_examples": SHOWN + [name for name in chosen_names() if name not in SHOWN],
        "feature_extractor": [None, None],
        "image_encoder": [None, None],
        "requires_safety_checker": False,
        "safety_checker": [None, None],
        "scheduler": ["diffusers", scheduler["_class_name"]],
        "text_encoder": ["transformers", "CLIPTextModel"],
        "tokenizer": ["transformers", "CLIPTokenizer"],
        "unet": ["diffusers", "UNet2DConditionModel"],
        "vae": ["diffusers", "AutoencoderKL"],
    }


def write_json(path, content):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")


def write_weights(path, module):
    path.parent.mkdir(parents=True, exist_ok=True)
    tensors = {name: tensor.half() for name, tensor in module.state_dict().items()}
    if not all(torch.isfinite(tensor).all() for tensor in tensors.values()):
        raise ValueError(f"{path}: a weight does not fit float16")
    write_safetensors(path, tensors)
    return path.stat().st_size


def write_unet(folder, unet):
    size = write_weights(folder / "unet" / "diffusion_pytorch_model.safetensors", unet)
    write_json(folder / "unet" / "config.json", unet.config)
    return size


def write_index(folder, scheduler, defaults):
    write_json(folder / "scheduler" / "scheduler_config.json", scheduler)
    write_json(folder / "model_index.json", model_index(scheduler, defaults))


def export(state, run, folder):
    folder = Path(folder)
    model, saved = load_trained(state, run)
    vae = load_vae(state, saved["vae_run"])
    latents = torch.load(Path(state) / saved["latents_run"] / "latents.pt")
    LatentSpace(latents["mean"], latents["matrix"]).fold(vae)
    size = write_weights(folder / "text_encoder" / "model.safetensors", model.text_encoder)
    size += write_unet(folder, model.unet)
    size += write_weights(folder / "vae" / "diffusion_pytorch_model.safetensors", vae)
    write_json(folder / "text_encoder" / "config.json", saved["text_config"])
    write_json(folder / "vae" / "config.json", vae.config)
    write_index(folder, ddim_config(), BASE_DEFAULTS)
    Tokenizer(saved["merges"]).write(folder / "tokenizer")
    print(f"{folder}: step {saved['step']}, {size} bytes of weights")
    if size > LARGEST:
        raise ValueError(f"{folder}: more than {LARGEST} bytes of weights")


def export_turbo(state, run, folder, base):
    """base: the folder of the model that it was distilled from; text encoder, tokenizer and autoencoder are copied."""
    folder, base = Path(folder), Path(base)
    turbo = torch.load(Path(state) / run / "state.pt")
    model, _ = load_trained(state, turbo["teacher_run"])
    for parameter, value in zip(model.unet.parameters(), turbo["average"]):
        parameter.data.copy_(value)
    size = write_unet(folder, model.unet)
    write_index(folder, lcm_config(), TURBO_DEFAULTS)
    for part in ("text_encoder", "tokenizer", "vae"):
        shutil.copytree(base / part, folder / part, dirs_exist_ok=True)
    print(f"{folder}: step {turbo['step']}, {size} bytes of its own")
