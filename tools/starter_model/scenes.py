"""Pictures to learn from, composed on the fly: one thing or two, shifted and scaled, on a colour.

A Scene says what is to be seen; a Stage draws it. Pixels are RGB float32 [3, SIZE, SIZE] in [0, 1].
"""
from dataclasses import dataclass

import numpy

from .pictures import SIZE, resized

COLOURS = {  # the colours that captions name; far enough apart for a border to be told by its nearest
    "white": (255, 255, 255),
    "black": (20, 20, 20),
    "grey": (150, 150, 150),
    "red": (215, 45, 45),
    "orange": (250, 140, 30),
    "yellow": (250, 220, 70),
    "green": (60, 160, 70),
    "blue": (50, 100, 220),
    "purple": (130, 65, 180),
    "pink": (250, 150, 195),
}
COLOUR_NAMES = list(COLOURS)
PAIR_SIZE = 34  # canvases of a pair overlap by their empty margins


def colour_of(name):
    return tuple(level / 255 for level in COLOURS[name])


@dataclass(frozen=True)
class Thing:
    index: int  # which of the chosen emoji
    size: int = SIZE  # side of its canvas in pixels
    left: int = 0
    top: int = 0


@dataclass(frozen=True)
class Scene:
    things: tuple
    colour: tuple  # RGB in [0, 1]
    colour_name: str = "white"
    place: str = ""  # a key of PLACES, for a thing that captions call small or say where it is


class Stage:
    """Draws scenes from the large premultiplied pictures of pictures.render."""

    def __init__(self, originals):
        self.originals = originals
        self.scaled = {}

    def picture(self, index, size):
        if (index, size) not in self.scaled:
            self.scaled[index, size] = resized(self.originals[index], size)
        return self.scaled[index, size]

    def draw(self, scene):
        canvas = numpy.empty((3, SIZE, SIZE), dtype=numpy.float32)
        canvas[:] = numpy.asarray(scene.colour, dtype=numpy.float32).reshape(3, 1, 1)
        for thing in scene.things:
            picture = self.picture(thing.index, thing.size)
            top, left = max(thing.top, 0), max(thing.left, 0)
            bottom, right = min(thing.top + thing.size, SIZE), min(thing.left + thing.size, SIZE)
            part = picture[:, top - thing.top : bottom - thing.top, left - thing.left : right - thing.left]
            under = canvas[:, top:bottom, left:right]
            canvas[:, top:bottom, left:right] = part[:3] + (1 - part[3:]) * under
        return canvas


def canonical(index, colour_name="white"):
    """The thing as its training picture shows it: whole, in the middle."""
    return Scene((Thing(index),), colour_of(colour_name), colour_name)


def moved(index, colour, colour_name, random):
    """Smaller, or shifted by a few pixels; all of it stays in the picture."""
    size = int(random.choice((36, 42, 48, 54, 60, 64)))
    slack = (SIZE - size) // 2 + 2  # even a canvas of full size has a margin of 2
    middle = (SIZE - size) // 2
    left, top = (middle + int(random.integers(-slack, slack + 1)) for _ in range(2))
    return Scene((Thing(index, size, left, top),), colour, colour_name)


PLACES = {  # side of the canvas, then its left and top edge where it does not stand in the middle
    "small": (36, None, None),
    "left": (42, -2, None),
    "right": (42, SIZE - 40, None),
    "top": (42, None, -2),
    "bottom": (42, None, SIZE - 40),
}


def placed(index, place, colour_name, random):
    """Smaller, where the caption says; shifted by a pixel or two."""
    size, left, top = PLACES[place]
    middle = (SIZE - size) // 2
    left, top = (middle + int(random.integers(-2, 3)) if edge is None else edge for edge in (left, top))
    return Scene((Thing(index, size, left, top),), colour_of(colour_name), colour_name, place)


def pair(first, second, colour, colour_name, random):
    """Two things side by side, the first one left, shifted together by a pixel or two."""
    left, top = (int(random.integers(-1, 2)) for _ in range(2))
    top += (SIZE - PAIR_SIZE) // 2
    things = (Thing(first, PAIR_SIZE, left - 1, top), Thing(second, PAIR_SIZE, left + SIZE - PAIR_SIZE + 1, top))
    return Scene(things, colour, colour_name)
