"""The prompts that the model is measured by, drawn with fixed seeds from the trained names.

prompts.json is a list; each entry has the picture's file name, prompt and seed for whoever draws it, and what is asked:
kind ("name", "background" or "pair"), names, colour.
"""
import json
from pathlib import Path

import numpy

from .captions import on_background, with_article
from .choice import chosen_emoji
from .scenes import COLOUR_NAMES

SEED = 2026
COUNTS = {"name": 200, "background": 100, "pair": 100}


def prompt_list():
    names, entries = [emoji.name.lower() for emoji in chosen_emoji()], []

    def add(kind, asked, colour, prompt):
        number = len(entries)
        entries.append({"file": f"{kind}-{number:03d}.png", "prompt": prompt, "seed": 1000 + number, "kind": kind,
                        "names": asked, "colour": colour})

    random = numpy.random.default_rng(SEED)
    for i in random.permutation(len(names))[: COUNTS["name"]]:
        add("name", [names[i]], "white", names[i])
    for number in range(COUNTS["background"]):
        name, colour = names[int(random.integers(len(names)))], COLOUR_NAMES[number % len(COLOUR_NAMES)]
        add("background", [name], colour, with_article(name) + on_background(colour))
    for _ in range(COUNTS["pair"]):
        first, second = (names[i] for i in random.choice(len(names), size=2, replace=False))
        add("pair", [first, second], "white", f"{with_article(first)} and {with_article(second)}")
    return entries


def write_prompts(path):
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    Path(path).write_text(json.dumps(prompt_list(), indent=1) + "\n", encoding="utf-8")
