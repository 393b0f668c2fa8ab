#!/usr/bin/env python3
"""What a LoRA of every weight of a full-size SD 1.5 takes while its variant is made: lora_memory_test.cpp measures and
judges, each backend in a process of its own. With ALICE_LONG=1 only: 2 GB of weights are written, and 9 GB of memory
needed.

By hand: ALICE_LONG=1 ALICE_BUILD_DIR=$PWD/build tests/bench/lora_memory_test.py"""

import json
import math
import os
import pathlib
import shutil
import struct
import subprocess
import tempfile
import unittest

BUILD = pathlib.Path(os.environ["ALICE_BUILD_DIR"])
DATA = pathlib.Path(__file__).resolve().parents[1] / "data"
RANK = 8
PRECISIONS = {"cpu": ["float32"], "onednn": ["float32", "bfloat16"]}
PARTS = {"unet": "diffusion_pytorch_model.safetensors", "text_encoder": "model.safetensors"}


def full_size_model(folder):
    settings, model = folder / "settings", folder / "full"
    shutil.copytree(DATA / "configs/stable-diffusion-v1-5", settings)
    for part in ("tokenizer", "scheduler"):
        shutil.copytree(DATA / "goldens/models/tiny_sd15" / part, settings / part)
    subprocess.run([BUILD / "alice", "make-model", "--dtype", "float16", "--config", settings, model], check=True)
    return model


def shapes_of(file):
    with open(file, "rb") as stream:
        size, = struct.unpack("<Q", stream.read(8))
        header = json.loads(stream.read(size))
    return {name: entry["shape"] for name, entry in header.items() if name != "__metadata__"}


def write_lora(file, model):
    """PEFT's names, float16, every matrix and convolution."""
    header, end = {}, 0

    def add(name, shape):
        nonlocal end
        header[name] = {"dtype": "F16", "shape": shape, "data_offsets": [end, end + 2 * math.prod(shape)]}
        end += 2 * math.prod(shape)

    for part, weights in PARTS.items():
        for name, shape in shapes_of(model / part / weights).items():
            if len(shape) > 1:
                module = f"{part}.{name.removesuffix('.weight')}"
                add(module + ".lora_A.weight", [RANK, *shape[1:]])
                add(module + ".lora_B.weight", [shape[0], RANK, *(1 for _ in shape[2:])])
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    file.write_bytes(struct.pack("<Q", len(text)) + text + struct.pack("<e", 1e-3) * (end // 2))


@unittest.skipUnless(os.environ.get("ALICE_LONG") == "1", "a full-size model is for ALICE_LONG=1")
class LoraMemory(unittest.TestCase):
    def test_a_variant_of_every_weight_is_made_beside_little_more_than_one(self):
        with tempfile.TemporaryDirectory(prefix="alice-test-") as temporary:
            model, lora = full_size_model(pathlib.Path(temporary)), pathlib.Path(temporary) / "all.safetensors"
            write_lora(lora, model)
            print("backend  precision    model  variant   mapped     peak   above it, MB", flush=True)
            for backend, precisions in PRECISIONS.items():
                for precision in precisions:
                    with self.subTest(backend=backend, precision=precision):
                        subprocess.run([BUILD / "tests/test-bench", "[.lora-memory]"], check=True, env={
                            **os.environ, "ALICE_TEST_MODEL": str(model), "ALICE_TEST_LORA": str(lora),
                            "ALICE_TEST_BACKEND": backend, "ALICE_TEST_DTYPE": precision})


if __name__ == "__main__":
    unittest.main()
