#!/usr/bin/env python3
"""Makes tests/data/reference/gguf_blocks.json: what ggml's own decoder (PyPI: gguf, by NumPy) makes of 1,000 random
blocks of each type that GGUF files have, as a hash of its float32 numbers. The test makes the same blocks for itself.

Usage: gguf_blocks.py (with `gguf` installed)
"""

import json
import pathlib
from importlib.metadata import version

import numpy
from gguf import quants
from gguf.constants import GGML_QUANT_SIZES, GGMLQuantizationType

BLOCKS = 1000
# Where a block's numbers of 16 bits stand: those may be no infinity and no NaN, whose bits differ between machines.
HALVES = {"Q4_0": [0], "Q4_1": [0, 2], "Q5_0": [0], "Q5_1": [0, 2], "Q8_0": [0], "Q2_K": [80, 82], "Q3_K": [108],
          "Q4_K": [0, 2], "Q5_K": [0, 2], "Q6_K": [208]}


def random_bytes(seed, count):
    """Marsaglia's xorshift of 32 bits (2003), its upper bytes."""
    state, out = seed, bytearray()
    for _ in range(count):
        state ^= state << 13 & 0xffffffff
        state ^= state >> 17
        state ^= state << 5 & 0xffffffff
        out.append(state >> 24)
    return out


def blocks_of(kind):
    size = GGML_QUANT_SIZES[kind][1]
    data = random_bytes(kind.value + 1, BLOCKS * size)
    for block in range(0, len(data), size):
        for place in HALVES[kind.name]:
            if data[block + place + 1] & 0x7c == 0x7c:
                data[block + place + 1] &= 0xbf
    return numpy.frombuffer(bytes(data), dtype=numpy.uint8).reshape(BLOCKS, size)


def fnv1a(data):
    """Fowler, Noll and Vo's hash of 64 bits."""
    value = 0xcbf29ce484222325
    for byte in data:
        value = (value ^ byte) * 0x100000001b3 & 0xffffffffffffffff
    return f"{value:016x}"


def main():
    hashes = {}
    for name in HALVES:
        kind = GGMLQuantizationType[name]
        numbers = quants.dequantize(blocks_of(kind), kind)
        assert numbers.dtype == numpy.float32 and numpy.isfinite(numbers).all()
        hashes[name] = fnv1a(numbers.tobytes())
    text = json.dumps({"made_with": "gguf " + version("gguf"), "blocks": BLOCKS, "fnv1a": hashes}, indent=1)
    root = pathlib.Path(__file__).resolve().parent.parent.parent
    (root / "tests/data/reference/gguf_blocks.json").write_text(text + "\n")


if __name__ == "__main__":
    main()
