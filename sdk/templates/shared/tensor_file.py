"""Writes safetensors files: eight bytes of the header's length, the header in JSON, the numbers."""

import array
import json
import math
import struct
import sys


def write(path, tensors):
    """tensors: name -> (shape, numbers in rows). Kept as float32."""
    header, data = {}, bytearray()
    for name, (shape, numbers) in tensors.items():
        numbers = array.array("f", numbers)
        if len(numbers) != math.prod(shape):
            raise ValueError(f"{name}: {len(numbers)} numbers do not fill {shape}")
        if sys.byteorder == "big":
            numbers.byteswap()
        begin = len(data)
        data += numbers.tobytes()
        header[name] = {"dtype": "F32", "shape": list(shape), "data_offsets": [begin, len(data)]}
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)  # the numbers begin at a multiple of eight
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text + data)
