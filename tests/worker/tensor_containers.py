"""Files of weights in the formats that ALICE reads, written without the libraries that usually write them: a
dictionary of NumPy arrays becomes a .safetensors, .ckpt (both of torch's containers) or .gguf file."""

import io
import json
import pickle
import struct
import zipfile

import numpy

SAFETENSORS_TYPES = {"float32": "F32", "float16": "F16"}
TORCH_TYPES = {"float32": "FloatStorage", "float16": "HalfStorage"}
GGUF_TYPES = {"float32": 0, "float16": 1}
GGUF_Q8_0 = 8
Q8_BLOCK = 32


def read_safetensors(file):
    content = file.read_bytes()
    length = struct.unpack("<Q", content[:8])[0]
    header = json.loads(content[8:8 + length])
    header.pop("__metadata__", None)
    types = {name: numpy.dtype(kind) for kind, name in SAFETENSORS_TYPES.items()}

    def array(info):
        begin, end = info["data_offsets"]
        data = content[8 + length + begin:8 + length + end]
        return numpy.frombuffer(data, types[info["dtype"]]).reshape(info["shape"])
    return {name: array(info) for name, info in header.items()}


def write_safetensors(file, tensors, kinds=None):
    """`kinds`: dtypes of arrays of bytes, by name ("F8_E4M3")."""
    header, data = {}, b""
    for name, array in tensors.items():
        kind = (kinds or {}).get(name) or SAFETENSORS_TYPES[array.dtype.name]
        offsets = [len(data), len(data) + array.nbytes]
        header[name] = {"dtype": kind, "shape": list(array.shape), "data_offsets": offsets}
        data += array.tobytes()
    text = json.dumps(header).encode()
    file.write_bytes(struct.pack("<Q", len(text)) + text + data)


# --- PyTorch.

class TorchName:
    """A global that is pickled by its name, and exists nowhere here."""

    def __init__(self, module, name):
        self.module, self.name = module, name


class Call:
    """What is pickled as a call of `function` with these arguments."""

    def __init__(self, function, *arguments):
        self.function, self.arguments = function, arguments


class Storage:
    def __init__(self, key, array, is_legacy):
        kind = TorchName("torch", TORCH_TYPES[array.dtype.name])
        self.id = ("storage", kind, key, "cpu", array.size) + ((None,) if is_legacy else ())


class TorchPickler(pickle._Pickler):  # the one in Python, which can be taught names
    def save(self, value, *arguments, **more):
        if isinstance(value, TorchName):
            self.write(pickle.GLOBAL + f"{value.module}\n{value.name}\n".encode())
        elif isinstance(value, Storage):
            self.save(value.id)
            self.write(pickle.BINPERSID)
        elif isinstance(value, Call):
            self.save(value.function)
            self.save(value.arguments)
            self.write(pickle.REDUCE)
        else:
            super().save(value, *arguments, **more)


def pickled(value):
    out = io.BytesIO()
    TorchPickler(out, protocol=2).dump(value)
    return out.getvalue()


def checkpoint(tensors, is_legacy):
    """(pickle, storages): with what a training leaves around the weights."""
    storages, state = {}, {}
    for number, (name, array) in enumerate(tensors.items()):
        storages[str(number)] = array.tobytes()
        strides = [int(numpy.prod(array.shape[i + 1:])) for i in range(array.ndim)]
        state[name] = Call(TorchName("torch._utils", "_rebuild_tensor_v2"), Storage(str(number), array, is_legacy), 0,
                           tuple(array.shape), tuple(strides), False, Call(TorchName("collections", "OrderedDict")))
    callback = TorchName("pytorch_lightning.callbacks.model_checkpoint", "ModelCheckpoint")
    whole = {"epoch": 3, "global_step": 470000, "pytorch-lightning_version": "1.4.2", "state_dict": state,
             "callbacks": {callback: {"best_model_score": None, "monitor": "val"}},
             "lr_schedulers": [{"last_lr": [1e-4]}]}
    return pickled(whole), storages


def write_torch_zip(file, tensors, method=zipfile.ZIP_STORED):
    content, storages = checkpoint(tensors, is_legacy=False)
    with zipfile.ZipFile(file, "w", method) as archive:
        archive.writestr("archive/data.pkl", content)
        for key, data in storages.items():
            archive.writestr("archive/data/" + key, data)
        archive.writestr("archive/version", "3\n")


def write_torch_legacy(file, tensors):
    content, storages = checkpoint(tensors, is_legacy=True)
    sizes = [array.size for array in tensors.values()]
    machine = {"protocol_version": 1001, "little_endian": True, "type_sizes": {"short": 2, "int": 4, "long": 4}}
    parts = [pickled(0x1950a86a20f9469cfc6c), pickled(1001), pickled(machine), content, pickled(list(storages))]
    for size, data in zip(sizes, storages.values()):
        parts += [struct.pack("<q", size), data]
    file.write_bytes(b"".join(parts))


# --- GGUF.

def q8_0(array):
    """Blocks of 32 numbers: the largest magnitude over 127, and each number's multiple of it."""
    blocks = array.astype(numpy.float32).reshape(-1, Q8_BLOCK)
    scale = numpy.abs(blocks).max(axis=1, keepdims=True) / 127
    numbers = numpy.round(numpy.divide(blocks, scale, out=numpy.zeros_like(blocks), where=scale != 0))
    return b"".join(s.tobytes() + n.tobytes() for s, n in zip(scale.astype(numpy.float16), numbers.astype(numpy.int8)))


def gguf_text(text):
    return struct.pack("<Q", len(text.encode())) + text.encode()


def write_gguf(file, tensors, quantised=False):
    """Quantised: weights of two or four sides that are whole blocks, folded as ComfyUI-GGUF folds them where their rows
    are not."""
    facts = [gguf_text("general.architecture") + struct.pack("<I", 8) + gguf_text("sd1")]
    infos, data = [], b""
    for name, array in tensors.items():
        shape, kind, content = list(array.shape), GGUF_TYPES[array.dtype.name], array.tobytes()
        if quantised and array.ndim in (2, 4) and array.size % Q8_BLOCK == 0:
            kind, content = GGUF_Q8_0, q8_0(array)
            if shape[-1] % Q8_BLOCK != 0:
                facts.append(gguf_text("comfy.gguf.orig_shape." + name) + struct.pack("<IIQ", 9, 5, len(shape)) +
                             struct.pack(f"<{len(shape)}i", *shape))
                shape = [array.size // Q8_BLOCK, Q8_BLOCK]
        infos.append(gguf_text(name) + struct.pack("<I", len(shape)) + struct.pack(f"<{len(shape)}Q", *shape[::-1]) +
                     struct.pack("<IQ", kind, len(data)))
        data += content + bytes(-len(content) % 32)
    head = b"GGUF" + struct.pack("<IQQ", 3, len(infos), len(facts)) + b"".join(facts) + b"".join(infos)
    file.write_bytes(head + bytes(-len(head) % 32) + data)
