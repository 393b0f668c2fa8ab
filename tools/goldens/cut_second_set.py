#!/usr/bin/env python3
"""Cuts the part of the second set of goldens out that the tests carry: tests/data/goldens2.

Usage: cut_second_set.py PUBLIC2 OUT

The traces of flow matching's schedulers; some runs of models with few weights, the components of one of them, their
pictures, the VAE, and of the single files the VAE and PyTorch's checkpoints. Their text encoders and tokenizers are,
byte for byte, those of tests/data/goldens/models/tiny_sd15 and tiny_sdxl, where the test takes them from. The standard
library only."""

import json
import pathlib
import shutil
import struct
import sys

MODELS = ["tiny_lcm", "tiny_inpaint", "tiny_pix2pix"]
RUNS = {"distilled/images": ["lcm_4", "lcm_6", "lcm_batch2", "lcm_img2img_0.5"],
        "sd15/inpaint9": ["DDIM_1.0", "EulerAncestralDiscrete_0.6", "wide_batch2"],
        "sd15/pix2pix": ["EulerAncestralDiscrete_7.5_1.5", "DDIM_5.0_1.0"],
        "sdxl/images": ["handover_0_base", "handover_0_refiner", "handover_2_base", "handover_2_refiner"]}
WHOLE = ["distilled/unet", "sd15/vae", "adapters/ti"]
SINGLE = "vae"
SCHEDULERS = "schedulers"
MODEL_FILES = [f"{model}/{name}" for model in MODELS for name in ("model_index.json", "scheduler", "unet")]
MODEL_FILES += [f"{model}/{name}" for model in ("tiny_sdxl", "tiny_sdxl_refiner")
                for name in ("model_index.json", "scheduler", "unet", "vae")]
MODEL_FILES += ["tiny_vae4", "tiny_embeddings"]


def read_tensors(path):
    data = path.read_bytes()
    (length,) = struct.unpack("<Q", data[:8])
    header = json.loads(data[8:8 + length])
    header.pop("__metadata__", None)
    body = data[8 + length:]
    return {name: (entry, body[slice(*entry["data_offsets"])]) for name, entry in header.items()}


def write_tensors(path, tensors):
    header, body = {}, b""
    for name, (entry, data) in sorted(tensors.items()):
        header[name] = dict(entry, data_offsets=[len(body), len(body) + len(data)])
        body += data
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    path.write_bytes(struct.pack("<Q", len(text)) + text + body)


def cut_runs(source, target, ids):
    table = json.loads(source.with_suffix(".json").read_text())
    table["cases"] = [one for one in table["cases"] if one["id"] in ids]
    wanted = {one["unet_context"] for one in table["cases"]}
    for one in table["cases"]:
        wanted.update(one["alias"].values())
    tensors = read_tensors(source.with_suffix(".safetensors"))
    kept = {name: value for name, value in tensors.items() if name in wanted or name.split("/")[0] in ids}
    assert wanted <= kept.keys(), wanted - kept.keys()
    write_json(target.with_suffix(".json"), table)
    write_tensors(target.with_suffix(".safetensors"), kept)


def cut_pictures(source, target, tables):
    """Those that the runs of `tables` name."""
    cases = [one for table in tables for one in json.loads(table.with_suffix(".json").read_text())["cases"]]
    wanted = {name for one in cases for name in one["tensors"].values()}
    target.parent.mkdir(parents=True)
    write_tensors(target, {name: value for name, value in read_tensors(source).items() if name in wanted})


def cut_single(source, target):
    """The map of one single file, of a model that is there with the same weights; what all of them have in common of
    that one; the numbers of each type; the checkpoints."""
    target.mkdir(parents=True)
    one = json.loads((source / f"{SINGLE}.json").read_text())
    write_json(target / f"{SINGLE}.json", dict(one, model=MODELS[0]))
    common = json.loads((source / "single.json").read_text())
    write_json(target / "single.json", dict(common, files={SINGLE: common["files"][SINGLE]}, configs={}))
    numbers = {name: value for name, value in read_tensors(source / "dtypes.safetensors").items() if "values/" in name}
    write_tensors(target / "dtypes.safetensors", numbers)
    for file in source.glob("values_*.safetensors"):
        copy(file, target / file.name)
    copy(source / "ckpt", target / "ckpt")


def write_json(path, value):
    path.write_text(json.dumps(value, indent=1) + "\n")


def copy(source, target):
    target.parent.mkdir(parents=True, exist_ok=True)
    if source.is_dir():
        for file in source.iterdir():
            copy(file, target / file.name)
    else:
        shutil.copyfile(source, target)


def main():
    source, target = map(pathlib.Path, sys.argv[1:])
    for folder in {name.split("/")[0] for name in [*WHOLE, *RUNS]} | {"models", "single", "inputs", SCHEDULERS}:
        shutil.rmtree(target / folder, ignore_errors=True)
    for name in MODEL_FILES:
        copy(source / "models" / name, target / "models" / name)
    for name in WHOLE:
        for kind in (".json", ".safetensors"):
            copy(source / (name + kind), target / (name + kind))
    for name, ids in RUNS.items():
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        cut_runs(source / name, target / name, ids)
    pictures = "inputs/pictures.safetensors"
    cut_pictures(source / pictures, target / pictures, [target / name for name in RUNS])
    cut_single(source / "single", target / "single")
    copy(source / SCHEDULERS, target / SCHEDULERS)


if __name__ == "__main__":
    main()
