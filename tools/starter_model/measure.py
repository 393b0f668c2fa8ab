"""Measures pictures that any program drew for a list of prompts (prompts.py): files in a folder, by their names.

- name: the nearest training picture, among every thing on every colour, bears the name that was asked for;
- background: the border's nearest named colour is the one that was asked for;
- pair: among all things at a pair's size, each of the two that were asked for is the nearest to one half;
- sharpness: gradient energy against that of the training pictures.
"""
import json
from pathlib import Path

import numpy
from PIL import Image

from .choice import chosen_emoji
from .distances import Gallery, border_colour, gradient_energy, psnr, whole_gallery
from .pictures import SIZE, render
from .scenes import PAIR_SIZE, Scene, Stage, Thing, canonical, colour_of
from .sheet import contact_sheet

HALF_SHIFTS = range(-3, 4)  # pixels, by which a half may be shifted


def read_picture(path):
    """RGB [3, SIZE, SIZE] in [0, 1]; other sizes are refused: scaling would change the sharpness."""
    pixels = numpy.asarray(Image.open(path).convert("RGB"), dtype=numpy.float32) / 255
    if pixels.shape != (SIZE, SIZE, 3):
        raise ValueError(f"{path}: must be {SIZE}x{SIZE} pixels, is {pixels.shape[1]}x{pixels.shape[0]}")
    return pixels.transpose(2, 0, 1)


class Judge:
    def __init__(self):
        self.names = [emoji.name.lower() for emoji in chosen_emoji()]
        self.stage = Stage(render(chosen_emoji()))
        self.whole = whole_gallery(self.stage, self.names)
        self.halves = {}

    def original(self, name, colour):
        return self.stage.draw(canonical(self.names.index(name), colour))

    def half_gallery(self, colour):
        if colour not in self.halves:
            things = [Scene((Thing(i, PAIR_SIZE, 0, 0),), colour_of(colour), colour) for i in range(len(self.names))]
            cut = numpy.stack([self.stage.draw(scene)[:, :PAIR_SIZE, :PAIR_SIZE] for scene in things])
            self.halves[colour] = Gallery(cut, self.names)
        return self.halves[colour]

    def found_in_half(self, picture, left, colour):
        """The name of the nearest thing, over small shifts of the cut."""
        best = (None, numpy.inf)
        top, left = (SIZE - PAIR_SIZE) // 2, -2 if left else SIZE - PAIR_SIZE + 2
        padded = numpy.pad(picture, ((0, 0), (8, 8), (8, 8)), mode="edge")
        for dy in HALF_SHIFTS:
            for dx in HALF_SHIFTS:
                y, x = top + dy + 8, left + dx + 8
                found = self.half_gallery(colour).nearest(padded[:, y : y + PAIR_SIZE, x : x + PAIR_SIZE])
                best = min(best, found, key=lambda f: f[1])
        return best[0]

    def judge(self, entry, picture):
        """What is true of one picture: name -> value."""
        result = {"background": border_colour(picture) == entry["colour"]}
        if entry["kind"] == "pair":
            halves = [self.found_in_half(picture, left, entry["colour"]) for left in (True, False)]
            result["found"] = halves
            result["both"] = set(halves) == set(entry["names"])
            result["one"] = bool(set(halves) & set(entry["names"]))
            return result
        original = self.original(entry["names"][0], entry["colour"])
        result["found"] = list(self.whole.nearest(picture)[0])
        result["named"] = result["found"][0] == entry["names"][0]
        result["energy"], result["original_energy"] = gradient_energy(picture), gradient_energy(original)
        result["psnr"] = psnr(picture, original)
        return result


def summary(entries, results):
    lines = []

    def share(kind, what):
        values = [r[what] for e, r in zip(entries, results) if e["kind"] == kind]
        return f"{numpy.mean(values):.1%} of {len(values)}"

    for kind in ("name", "background"):
        of_kind = [r for e, r in zip(entries, results) if e["kind"] == kind]
        if of_kind:
            what = ("energy", "original_energy", "psnr")
            energy, original_energy, near = (numpy.mean([r[w] for r in of_kind]) for w in what)
            lines.append(f"{kind}: named {share(kind, 'named')}, background {share(kind, 'background')}, "
                         f"gradient energy {energy / original_energy:.1%} of the originals', PSNR {near:.2f} dB")
    if any(e["kind"] == "pair" for e in entries):
        lines.append(f"pair: both {share('pair', 'both')}, at least one {share('pair', 'one')}, "
                     f"background {share('pair', 'background')}")
    return "\n".join(lines)


def measure(prompts, folder, sheets=None, details=None):
    folder, judge = Path(folder), Judge()
    entries = [e for e in json.loads(Path(prompts).read_text(encoding="utf-8")) if (folder / e["file"]).exists()]
    pictures = [read_picture(folder / entry["file"]) for entry in entries]
    results = [judge.judge(entry, picture) for entry, picture in zip(entries, pictures)]
    print(summary(entries, results))
    if sheets:
        Path(sheets).mkdir(parents=True, exist_ok=True)
        for kind in dict.fromkeys(e["kind"] for e in entries):
            shown = [(p, " + ".join(e["names"])) for p, e in zip(pictures, entries) if e["kind"] == kind]
            columns = 16 if kind == "name" else 10
            contact_sheet([p for p, _ in shown], columns, [n for _, n in shown]).save(Path(sheets) / f"{kind}.png")
        first = [p for p, e in zip(pictures, entries) if e["kind"] == "name"][:64]
        if first:
            contact_sheet(first, 8, zoom=2).save(Path(sheets) / "first-64-without-names.png")
    if details:
        judged = [dict(entry, result=result) for entry, result in zip(entries, results)]
        Path(details).write_text(json.dumps(judged, indent=1, default=bool), encoding="utf-8")
