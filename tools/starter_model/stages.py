"""All of it, one stage after the other: what `make starter-model` calls. Stages that are done are passed over, a
training that was stopped goes on; so the same command, again and again, leads to the model."""
from pathlib import Path

import torch

from .drawing import draw_prompts
from .export import BASE_DEFAULTS, export, export_turbo
from .latents import make_latents
from .measure import measure
from .prompts import write_prompts
from .round_trip import measure_vae
from .styles import STYLES
from .train_lora import WRITERS, train_lora
from .train_turbo import train_turbo
from .train_unet import REVISION_STEPS, train_unet
from .train_vae import train_vae

FACTOR, VAE_STEPS, UNET_STEPS, TURBO_STEPS, LORA_STEPS = 2, 2200, 11000, 800, 400


def steps_done(state, run):
    file = Path(state) / run / "state.pt"
    return torch.load(file)["step"] if file.exists() else 0


def lora_files(models, style):
    """format -> file, in the folder of LoRAs that belongs to a folder of models."""
    return {form: Path(models) / "loras" / f"{style}{'' if form == 'kohya' else '-' + form}.safetensors"
            for form in WRITERS}


def all_stages(state, models, hours):
    """models: the folder to write emoji, emoji-turbo and loras into. hours: for the training that is under way; when it
    stops before its last step, so does everything."""
    state, models = Path(state), Path(models)
    if steps_done(state, "vae") < VAE_STEPS:
        train_vae(state, "vae", FACTOR, VAE_STEPS, hours)
        if steps_done(state, "vae") < VAE_STEPS:
            return
        measure_vae(state, "vae", state / "vae" / "round-trip.png")
    if not (state / "latents" / "latents.pt").exists():
        make_latents(state, "vae", "latents")
    if steps_done(state, "unet") < UNET_STEPS + REVISION_STEPS:
        train_unet(state, "unet", "vae", "latents", UNET_STEPS, hours)
        if steps_done(state, "unet") < UNET_STEPS + REVISION_STEPS:
            return
    export(state, "unet", models / "emoji")
    if steps_done(state, "turbo") < TURBO_STEPS:
        train_turbo(state, "turbo", "unet", TURBO_STEPS, hours)
        if steps_done(state, "turbo") < TURBO_STEPS:
            return
    export_turbo(state, "turbo", models / "emoji-turbo", models / "emoji")
    for style in STYLES:
        files = lora_files(models, style)
        if not all(file.exists() for file in files.values()):
            train_lora(state, "unet", style, LORA_STEPS, files)
    write_prompts(state / "prompts.json")
    draw_prompts(models / "emoji", state / "prompts.json", state / "pictures", *BASE_DEFAULTS.values())
    measure(state / "prompts.json", state / "pictures", state / "sheets", state / "measured.json")
