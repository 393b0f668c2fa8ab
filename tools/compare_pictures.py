#!/usr/bin/env python3
"""What settings cost in likeness: draws the same prompts and seeds with a running ALICE, once as the reference and once
with each of the other settings, and says how near the pictures come.

    compare_pictures.py --server http://127.0.0.1:8080 --reference '{"model": "sd/emoji"}' \\
        --other 'guidance to 0.6: {"guidance_end": 0.6}' --other 'bfloat16: {"model": "sd/emoji-bf16"}' --sheet SHEET.png

Settings are fields of POST /v1/images/generations; the others' are laid over the reference's. PSNR is of the 8-bit
pictures; equal ones count as 99 dB. The sheet has a row for each setting, the reference first, and a column for each
prompt. Times are of whole requests, taken in turn, so that a noisy machine is noisy to all."""
import argparse
import io
import json
import math
import statistics
import time

import numpy
from PIL import Image, ImageDraw

from starter_model.prompts import prompt_list
from starter_model.server_drawing import ask

EQUAL_DB = 99.0
LABEL_WIDTH = 150  # pixels of the sheet


def some_prompts(count):
    """Names, backgrounds and pairs in turn, from the prompts that the starter model is measured by."""
    kinds = [[e for e in prompt_list() if e["kind"] == kind] for kind in ("name", "background", "pair")]
    return [kinds[i % len(kinds)][i // len(kinds)] for i in range(count)]


def psnr(picture, reference):
    error = numpy.mean((picture.astype(float) - reference.astype(float)) ** 2)
    return EQUAL_DB if error == 0 else min(EQUAL_DB, 10 * math.log10(255**2 / error))


def draw(server, settings, entry):
    """(pixels [H, W, 3], seconds)"""
    began = time.monotonic()
    png = ask(server, dict(settings, prompt=entry["prompt"], seed=entry["seed"]))
    return numpy.asarray(Image.open(io.BytesIO(png)).convert("RGB")), time.monotonic() - began


def sheet(labels, rows):
    height, width = rows[0][0].shape[:2]
    page = Image.new("RGB", (LABEL_WIDTH + width * len(rows[0]), height * len(rows)), "white")
    for y, (label, pictures) in enumerate(zip(labels, rows)):
        ImageDraw.Draw(page).text((6, y * height + height // 2 - 6), label, fill="black")
        for x, picture in enumerate(pictures):
            page.paste(Image.fromarray(picture), (LABEL_WIDTH + x * width, y * height))
    return page


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--server", required=True)
    parser.add_argument("--reference", type=json.loads, default={}, help="JSON object of request fields")
    parser.add_argument("--other", action="append", default=[], help="LABEL: JSON object")
    parser.add_argument("--count", type=int, default=20, help="prompts (20)")
    parser.add_argument("--sheet", help="PNG to write")
    arguments = parser.parse_args()

    labels, settings = ["reference"], [arguments.reference]
    for other in arguments.other:
        label, _, text = other.partition(": ")
        labels.append(label)
        settings.append(dict(arguments.reference, **json.loads(text)))

    entries = some_prompts(arguments.count)
    drawn = [[draw(arguments.server, one, entry) for one in settings] for entry in entries]
    rows = [[pictures[k][0] for pictures in drawn] for k in range(len(settings))]
    seconds = [statistics.median(pictures[k][1] for pictures in drawn) for k in range(len(settings))]

    print(f"{len(entries)} prompts and seeds\n\n| | PSNR, mean | least | time |\n|---|---|---|---|")
    for k in range(1, len(settings)):
        near = [psnr(picture, reference) for picture, reference in zip(rows[k], rows[0])]
        print(f"| {labels[k]} | {statistics.mean(near):.1f} dB | {min(near):.1f} dB | {seconds[k] / seconds[0]:.2f} |")
    if arguments.sheet:
        sheet(labels, rows).save(arguments.sheet)


if __name__ == "__main__":
    main()
