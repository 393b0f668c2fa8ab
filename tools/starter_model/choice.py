"""The emoji that the model draws: those of chosen.txt, in its order."""
from pathlib import Path

from .emoji_list import read_emoji

CHOSEN = Path(__file__).with_name("chosen.txt")


def chosen_names(path=CHOSEN):
    lines = [line for line in path.read_text(encoding="utf-8").splitlines() if line and not line.startswith("#")]
    return [name.strip() for line in lines for name in line.split(",")]


def chosen_emoji():
    known = {emoji.name: emoji for emoji in read_emoji()}
    names = chosen_names()
    unknown = [name for name in names if name not in known]
    if unknown or len(set(names)) != len(names):
        raise ValueError(f"{CHOSEN}: unknown names {unknown}, or a name twice")
    return [known[name] for name in names]
