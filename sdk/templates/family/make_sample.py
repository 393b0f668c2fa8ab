#!/usr/bin/env python3
"""Writes sample/my_model.safetensors: names as files of the family have them, with next to no numbers behind them.
What the parts of such a model say of themselves is in sample/parts.json."""

import pathlib

import tensor_file

folder = pathlib.Path(__file__).parent / "sample"
tensor_file.write(folder / "my_model.safetensors", {
    "my_model.words.embedding.weight": ([2], [0.0] * 2),
    "my_model.network.in.weight": ([2], [0.0] * 2),
    "my_model.pixels.out.weight": ([2], [0.0] * 2),
})
print(folder / "my_model.safetensors")
