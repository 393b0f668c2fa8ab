"""A model's folder as one file with the tensor names of latent diffusion (Rombach et al. 2022), and beside it, in
FILE.json and a folder of its tokenizer, what tensors cannot tell."""
import json
import re
import shutil
from pathlib import Path

from .safetensors import read_safetensors, write_safetensors

UNET, VAE, TEXT = "model.diffusion_model.", "first_stage_model.", "cond_stage_model.transformer."
RESNET = {"norm1": "in_layers.0", "conv1": "in_layers.2", "time_emb_proj": "emb_layers.1", "norm2": "out_layers.0",
          "conv2": "out_layers.3", "conv_shortcut": "skip_connection"}
UNET_ENDS = {"time_embedding.linear_1": "time_embed.0", "time_embedding.linear_2": "time_embed.2",
             "conv_in": "input_blocks.0.0", "conv_norm_out": "out.0", "conv_out": "out.2"}
PARTS = {"text_encoder": "model.safetensors", "unet": "diffusion_pytorch_model.safetensors",
         "vae": "diffusion_pytorch_model.safetensors"}


def unet_module(name, config):
    """The old name of a module: a block for each layer, counted through."""
    for new, old in UNET_ENDS.items():
        if name == new:
            return old
    side, number, kind, place, *rest = re.match(r"(down|mid|up)_block(?:s\.(\d+))?\.(\w+)\.(\d+)\.?(.*)", name).groups()
    rest, place, layers = rest[0], int(place), config["layers_per_block"] + 1
    if kind == "resnets":
        head, _, tail = rest.partition(".")
        rest = RESNET[head] + ("." + tail if tail else "")
    if side == "mid":
        return f"middle_block.{2 * place if kind == 'resnets' else 1}.{rest}"
    number = int(number)
    if kind == "downsamplers":
        return f"input_blocks.{(number + 1) * layers}.0.op"
    if kind == "upsamplers":
        attends = config["up_block_types"][number].startswith("CrossAttn")
        return f"output_blocks.{(number + 1) * layers - 1}.{2 if attends else 1}.conv"
    block = f"input_blocks.{1 + number * layers + place}" if side == "down" else f"output_blocks.{number * layers + place}"
    return f"{block}.{0 if kind == 'resnets' else 1}.{rest}"


def vae_module(name, config):
    levels = len(config["block_out_channels"])
    name = re.sub(r"down_blocks\.(\d+)\.resnets", r"down.\1.block", name)
    name = re.sub(r"down_blocks\.(\d+)\.downsamplers\.0", r"down.\1.downsample", name)
    name = re.sub(r"up_blocks\.(\d+)\.", lambda found: f"up.{levels - 1 - int(found[1])}.", name)
    name = re.sub(r"(up\.\d+)\.resnets", r"\1.block", name).replace("upsamplers.0", "upsample")
    name = re.sub(r"mid_block\.resnets\.(\d+)", lambda found: f"mid.block_{int(found[1]) + 1}", name)
    return name.replace("conv_norm_out", "norm_out").replace("conv_shortcut", "nin_shortcut")


def old_name(part, name, config):
    module, _, parameter = name.rpartition(".")
    if part == "text_encoder":
        return TEXT + name
    if part == "unet":
        return f"{UNET}{unet_module(module, config)}.{parameter}"
    return f"{VAE}{vae_module(module, config)}.{parameter}"


def write_single_file(folder, out):
    folder, out = Path(folder), Path(out)
    settings, tensors = {}, {}
    for part, file in PARTS.items():
        settings[part] = json.loads((folder / part / "config.json").read_text())
        for name, tensor in read_safetensors(folder / part / file).items():
            tensors[old_name(part, name, settings[part])] = tensor
    settings["scheduler"] = json.loads((folder / "scheduler" / "scheduler_config.json").read_text())
    index = json.loads((folder / "model_index.json").read_text())
    settings.update({name: index[name] for name in ("_defaults", "_examples", "_losses") if name in index})
    settings["tokenizer"] = f"{out.stem}-tokenizer"  # beside the file: what its settings name must lie with it
    shutil.copytree(folder / "tokenizer", out.parent / settings["tokenizer"], dirs_exist_ok=True)
    write_safetensors(out, tensors)
    Path(f"{out}.json").write_text(json.dumps(settings, indent=1) + "\n")
