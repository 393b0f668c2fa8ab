#!/usr/bin/env python3
"""Predictions of variants of the small UNet of tests/data/goldens by diffusers: tests/data/reference/unet_variants.safetensors.

Usage: unet_variants.py        (needs torch, diffusers and safetensors; they are no part of the product)

Every variant has the weights of models/tiny_sd15 but for what it lacks; the projection of the guidance scale, which the
model does not have, is a formula that the test computes too. Keys: VARIANT/out, and sample, context, timestep for all."""

import json
import pathlib

import torch
from diffusers import LatentConsistencyModelPipeline, UNet2DConditionModel
from safetensors.torch import load_file, save_file

ROOT = pathlib.Path(__file__).resolve().parents[2]
MODEL = ROOT / "tests/data/goldens/models/tiny_sd15/unet"
OUT = ROOT / "tests/data/reference/unet_variants.safetensors"
GUIDANCE_WIDTH = 16
GUIDANCE_SCALES = (1.0, 7.3)
NORM_GROUPS = 8  # with the model's own 32, one a channel, every norm takes off what the time adds


def variant(lacks=lambda name: False, more=None, **settings):
    config = {**json.loads((MODEL / "config.json").read_text()), **settings}
    unet = UNet2DConditionModel.from_config(config).eval()
    weights = {name: tensor.float() for name, tensor in load_file(MODEL / "diffusion_pytorch_model.safetensors").items()
               if not lacks(name)}
    unet.load_state_dict({**weights, **(more or {})})
    return unet


def main():
    torch.set_num_threads(1)
    generator = torch.Generator().manual_seed(41)
    sample = torch.randn(1, 4, 16, 16, generator=generator)
    context = torch.randn(1, 77, 8, generator=generator)
    timestep = torch.tensor([501.0])
    out = {"sample": sample, "context": context, "timestep": timestep}

    with torch.no_grad():
        none = variant(lambda name: name.startswith("mid_block."), mid_block_type=None)
        out["no_middle/out"] = none(sample, timestep, context).sample
        residual = variant(lambda name: name.startswith("mid_block.") and not name.startswith("mid_block.resnets.0."),
                           mid_block_type="UNetMidBlock2D")
        out["residual_middle/out"] = residual(sample, timestep, context).sample

        width = none.config.block_out_channels[0]
        projection = torch.sin(torch.arange(width * GUIDANCE_WIDTH, dtype=torch.float64)).float()
        told = variant(more={"time_embedding.cond_proj.weight": projection.view(width, GUIDANCE_WIDTH)},
                       time_cond_proj_dim=GUIDANCE_WIDTH, norm_num_groups=NORM_GROUPS)
        for scale in GUIDANCE_SCALES:  # as the pipeline for latent consistency models calls it
            embedding = LatentConsistencyModelPipeline.get_guidance_scale_embedding(
                None, torch.tensor(scale - 1).repeat(1), embedding_dim=GUIDANCE_WIDTH)
            out[f"told_{scale}/out"] = told(sample, timestep, context, timestep_cond=embedding).sample

    OUT.parent.mkdir(exist_ok=True)
    save_file({name: tensor.contiguous() for name, tensor in out.items()}, OUT)
    print(*(f"{name} {tuple(tensor.shape)} {tensor.std():.4f}" for name, tensor in out.items()), sep="\n")


if __name__ == "__main__":
    main()
