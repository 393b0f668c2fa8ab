"""Reading and writing of safetensors files: 8 bytes of length, a JSON header, the tensors' bytes."""
import json
import struct

import numpy

KINDS = {"F32": numpy.float32, "F16": numpy.float16, "I64": numpy.int64, "I32": numpy.int32, "U8": numpy.uint8}


def write_safetensors(path, tensors, metadata=None):
    """tensors: name -> torch tensor or numpy array; sorted by name, so that equal tensors give equal files."""
    header, parts, offset = {"__metadata__": dict(metadata or {"format": "pt"})}, [], 0
    for name in sorted(tensors):
        array = tensors[name]
        array = numpy.ascontiguousarray(array.detach().numpy() if hasattr(array, "detach") else array)
        kind = next(k for k, v in KINDS.items() if array.dtype == v)
        header[name] = {"dtype": kind, "shape": list(array.shape), "data_offsets": [offset, offset + array.nbytes]}
        parts.append(array.tobytes())
        offset += array.nbytes
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)  # tensors begin at a multiple of 8
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        file.writelines(parts)


def read_safetensors(path):
    """name -> numpy array."""
    with open(path, "rb") as file:
        length = struct.unpack("<Q", file.read(8))[0]
        header, data = json.loads(file.read(length)), file.read()
    header.pop("__metadata__", None)
    tensors = {}
    for name, entry in header.items():
        start, end = entry["data_offsets"]
        tensors[name] = numpy.frombuffer(data[start:end], dtype=KINDS[entry["dtype"]]).reshape(entry["shape"]).copy()
    return tensors
