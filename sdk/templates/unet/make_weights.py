#!/usr/bin/env python3
"""Writes weights/model.safetensors: random numbers, as a training would begin with them, in the sizes that
weights/config.json says."""

import json
import pathlib
import random

import tensor_file

folder = pathlib.Path(__file__).parent / "weights"
config = json.loads((folder / "config.json").read_text())
channels, width, context = config["in_channels"], config["width"], config["context_width"]
generator = random.Random(0)
tensors = {}


def add(module, *shape, gain=1.0, bias=True):
    """A layer whose output is about as large as its input (He et al. 2015), times `gain`."""
    inputs = 1
    for side in shape[1:]:
        inputs *= side
    deviation = gain * inputs ** -0.5
    tensors[module + ".weight"] = (shape, [generator.gauss(0, deviation) for _ in range(shape[0] * inputs)])
    if bias:
        tensors[module + ".bias"] = (shape[:1], [0.0] * shape[0])


add("conv_in", width, channels, 3, 3)
add("time", width, width)
tensors["norm.weight"], tensors["norm.bias"] = ([width], [1.0] * width), ([width], [0.0] * width)
add("to_q", width, width, bias=False)
add("to_k", width, context, bias=False)
add("to_v", width, context, bias=False)
add("to_out", width, width)
add("conv_out", channels, width, 3, 3, gain=0.1)  # at first hardly anything is added to the input
tensor_file.write(folder / "model.safetensors", tensors)
print(folder / "model.safetensors")
