"""Writes tests/data/resample/resample.safetensors: what Pillow makes of a small picture at other sizes, and blurred.

    python3 -m venv venv && venv/bin/pip install pillow numpy safetensors
    venv/bin/python tools/goldens/resample.py

A tensor is called FILTER_WIDTHxHEIGHT or blur_RADIUS; those of the mask begin with mask_.
"""

import pathlib

import numpy
from PIL import Image, ImageFilter
from safetensors.numpy import save_file

OUT = pathlib.Path(__file__).resolve().parents[2] / "tests/data/resample/resample.safetensors"
SIZES = [(37, 29), (74, 58), (16, 16), (5, 40), (37, 8), (64, 29), (1, 1)]
FILTERS = {"nearest": Image.NEAREST, "bilinear": Image.BILINEAR, "lanczos": Image.LANCZOS}
RADII = [0.3, 1, 2, 4, 7.5, 16, 64]


def picture():
    """Smooth below, noise above, hard edges between: what a filter gets wrong shows in one of them."""
    random = numpy.random.default_rng(5)
    y, x = numpy.mgrid[0:29, 0:37]
    smooth = numpy.stack([x * 6, y * 8, (x + y) * 3], axis=-1) % 256
    noise = random.integers(0, 256, smooth.shape)
    return numpy.where((y < 12)[..., None], noise, smooth).astype(numpy.uint8)


def main():
    colours = picture()
    mask = numpy.zeros((29, 37), numpy.uint8)
    mask[6:20, 9:25] = 255
    mask[15, 30] = 128
    tensors = {"picture": colours, "mask": mask}
    for prefix, pixels in (("", colours), ("mask_", mask)):
        image = Image.fromarray(pixels)
        for name, how in FILTERS.items():
            for width, height in SIZES:
                tensors[f"{prefix}{name}_{width}x{height}"] = numpy.asarray(image.resize((width, height), how))
        for radius in RADII:
            tensors[f"{prefix}blur_{radius}"] = numpy.asarray(image.filter(ImageFilter.GaussianBlur(radius)))
    OUT.parent.mkdir(parents=True, exist_ok=True)
    save_file({name: numpy.ascontiguousarray(value) for name, value in tensors.items()}, OUT)
    print(OUT, len(tensors), "tensors by Pillow", Image.__version__)


if __name__ == "__main__":
    main()
