#!/usr/bin/env python3
"""Writes weights/model.safetensors: what the four latent channels of Stable Diffusion 1 are in red, green and blue."""

import pathlib

import tensor_file

# Found by least squares between latents and pictures: "Decoding latents to RGB without upscaling", a thread of the
# Hugging Face forum, September 2022. A row a latent channel; colours from -1 to 1.
LATENT_TO_RGB = [
    [0.298, 0.207, 0.208],
    [0.187, 0.286, 0.173],
    [-0.158, 0.189, 0.264],
    [-0.184, -0.271, -0.473],
]

weight = [LATENT_TO_RGB[channel][colour] for colour in range(3) for channel in range(4)]  # [3, 4, 1, 1]
file = pathlib.Path(__file__).parent / "weights" / "model.safetensors"
tensor_file.write(file, {"latent_to_rgb.weight": ([3, 4, 1, 1], weight), "latent_to_rgb.bias": ([3], [0, 0, 0])})
print(file)
