"""python3 -m starter_model COMMAND ...: see README.md."""
import argparse

import torch

from .data_sheet import show_data
from .drawing import draw_prompts
from .export import BASE_DEFAULTS, export, export_turbo
from .golden import write_golden
from .latents import make_latents
from .measure import measure
from .prompts import write_prompts
from .round_trip import measure_vae
from .server_drawing import draw_with_server
from .single_file import write_single_file
from .stages import FACTOR, LORA_STEPS, TURBO_STEPS, UNET_STEPS, VAE_STEPS, all_stages, lora_files
from .styles import STYLES
from .train_lora import train_lora
from .train_turbo import train_turbo
from .train_unet import train_unet
from .train_vae import train_vae

FOREVER = 1e3  # hours


class Commands:
    def __init__(self):
        self.parser = argparse.ArgumentParser(prog="starter_model", description=__doc__)
        self.commands = self.parser.add_subparsers(dest="command", required=True)

    def add(self, name, call, text, run=None):
        """call takes the parsed arguments; run: the default name of the run's folder, for commands that have one."""
        command = self.commands.add_parser(name, help=text)
        command.set_defaults(call=call)
        command.add_argument("--threads", type=int, default=1, help="threads that compute (1)")
        if run:
            command.add_argument("--state", required=True, help="folder of checkpoints, latents and logs")
            command.add_argument("--run", default=run, help=f"the run's folder in it ({run})")
        return command


def add_clock(command, steps):
    command.add_argument("--steps", type=int, default=steps, help=f"length of the whole training ({steps})")
    command.add_argument("--hours", type=float, default=FOREVER, help="stop and save after this long")


def add_training(commands):
    command = commands.add("all", lambda a: all_stages(a.state, a.models, a.hours), "every stage that is not done yet")
    command.add_argument("--state", required=True, help="folder of checkpoints, latents and logs")
    command.add_argument("--models", required=True, help="the folder of models to write into")
    command.add_argument("--hours", type=float, default=FOREVER, help="stop and save after this long")

    command = commands.add("train-vae", lambda a: train_vae(a.state, a.run, a.factor, a.steps, a.hours),
                           "train the autoencoder, or go on", run="vae")
    command.add_argument("--factor", type=int, choices=(2, 4), default=FACTOR, help=f"reduction ({FACTOR})")
    add_clock(command, VAE_STEPS)

    command = commands.add("measure-vae", lambda a: measure_vae(a.state, a.run, a.sheet), "measure its round trip",
                           run="vae")
    command.add_argument("--sheet", help="contact sheet of originals above round trips")

    command = commands.add("make-latents", lambda a: make_latents(a.state, a.vae, a.run),
                           "encode the scenes that the UNet learns from", run="latents")
    command.add_argument("--vae", default="vae", help="the autoencoder's run (vae)")

    command = commands.add("train-unet", lambda a: train_unet(a.state, a.run, a.vae, a.latents, a.steps, a.hours),
                           "train text encoder and UNet, or go on", run="unet")
    command.add_argument("--vae", default="vae", help="the autoencoder's run (vae)")
    command.add_argument("--latents", default="latents", help="the latents' run (latents)")
    add_clock(command, UNET_STEPS)

    command = commands.add("train-turbo", lambda a: train_turbo(a.state, a.run, a.teacher, a.steps, a.hours),
                           "distil the UNet for 1 to 4 steps, or go on", run="turbo")
    command.add_argument("--teacher", default="unet", help="the base model's run (unet)")
    add_clock(command, TURBO_STEPS)

    command = commands.add("train-lora", lambda a: train_lora(a.state, a.run, a.style, a.steps,
                                                             lora_files(a.models, a.style)),
                           "train a LoRA on the base model", run="unet")
    command.add_argument("--style", required=True, choices=list(STYLES))
    command.add_argument("--steps", type=int, default=LORA_STEPS, help=f"length of the training ({LORA_STEPS})")
    command.add_argument("--models", required=True, help="the folder of models; the files go into its loras/")

    command = commands.add("export", lambda a: export(a.state, a.run, a.out), "write a diffusers folder", run="unet")
    command.add_argument("--out", required=True)

    command = commands.add("export-turbo", lambda a: export_turbo(a.state, a.run, a.out, a.base),
                           "write the distilled model's folder", run="turbo")
    command.add_argument("--out", required=True)
    command.add_argument("--base", required=True, help="the base model's folder: text encoder and autoencoder are its")


    command = commands.add("single-file", lambda a: write_single_file(a.model, a.out),
                           "write a folder as one file, with its settings in FILE.json beside it")
    command.add_argument("--model", required=True, help="the folder")
    command.add_argument("--out", required=True, help="FILE.safetensors")


def draw(a):
    if a.server:
        asked = {"steps": a.sampling_steps, "guidance_scale": a.guidance, "scheduler": a.scheduler}
        draw_with_server(a.server, a.model, a.prompts, a.out, **{k: v for k, v in asked.items() if v is not None})
    else:
        steps, guidance = a.sampling_steps, a.guidance
        draw_prompts(a.model, a.prompts, a.out, BASE_DEFAULTS["steps"] if steps is None else steps,
                     BASE_DEFAULTS["guidance_scale"] if guidance is None else guidance)


def add_measuring(commands):
    command = commands.add("show-data", lambda a: show_data(a.out), "a contact sheet of the chosen emoji")
    command.add_argument("--out", required=True)

    command = commands.add("golden", lambda a: write_golden(a.model, a.out),
                           "write reference outputs of a folder, for alice check compat")
    command.add_argument("--model", required=True)
    command.add_argument("--out", required=True)

    command = commands.add("prompts", lambda a: write_prompts(a.out), "write the prompts to measure by")
    command.add_argument("--out", required=True)

    command = commands.add("draw", draw, "draw the prompts with an exported folder")
    command.add_argument("--model", required=True, help="the folder; with --server an id, sd/emoji")
    command.add_argument("--prompts", required=True)
    command.add_argument("--out", required=True)
    command.add_argument("--sampling-steps", type=int, help="not said: the model's own")
    command.add_argument("--guidance", type=float, help="not said: the model's own")
    command.add_argument("--server", help="http://HOST:PORT of a running alice, to draw with it; --model is its id then")
    command.add_argument("--scheduler", help="with --server: another sampler than the model's own")

    command = commands.add("measure", lambda a: measure(a.prompts, a.pictures, a.sheets, a.details),
                           "measure pictures that were drawn for the prompts")
    command.add_argument("--prompts", required=True)
    command.add_argument("--pictures", required=True)
    command.add_argument("--sheets", help="folder for contact sheets")
    command.add_argument("--details", help="file for each picture's result")


def main():
    commands = Commands()
    add_training(commands)
    add_measuring(commands)
    arguments = commands.parser.parse_args()
    torch.set_num_threads(arguments.threads)
    arguments.call(arguments)


if __name__ == "__main__":
    main()
