#!/usr/bin/env python3
"""Writes weights/model.safetensors: a table of random vectors, as a training would begin with them, in the sizes that
weights/config.json says."""

import json
import pathlib
import random

import tensor_file

folder = pathlib.Path(__file__).parent / "weights"
config = json.loads((folder / "config.json").read_text())
width = config["width"]
generator = random.Random(0)


def normal(*shape, deviation=1.0):
    count = 1
    for side in shape:
        count *= side
    return list(shape), [generator.gauss(0, deviation) for _ in range(count)]


tensor_file.write(folder / "model.safetensors", {
    "token.weight": normal(config["vocabulary"], width),
    "position.weight": normal(config["token_limit"], width, deviation=0.1),
    "dense.weight": normal(width, width, deviation=width ** -0.5),
    "dense.bias": ([width], [0.0] * width),
    "norm.weight": ([width], [1.0] * width),
    "norm.bias": ([width], [0.0] * width),
})
print(folder / "model.safetensors")
