"""Other ways to draw the same things, for LoRAs to learn. A style turns a scene into a picture: RGB float32
[3, SIZE, SIZE] in [0, 1], as Stage.draw does."""
import numpy

from .pictures import SIZE

BLOCK = 4  # side of a pixel of pixel art
LEVELS = 5  # of each colour in pixel art
INK, PAPER = (0.10, 0.10, 0.16), (1.0, 1.0, 1.0)
DEEP, MOON = (0.01, 0.02, 0.10), (0.36, 0.47, 0.85)  # what black and white become at night


def pixel_art(stage, scene):
    """Squares of BLOCK pixels in few colours."""
    picture = stage.draw(scene)
    small = picture.reshape(3, SIZE // BLOCK, BLOCK, SIZE // BLOCK, BLOCK).mean((2, 4))
    small = numpy.round(small * (LEVELS - 1)) / (LEVELS - 1)
    return small.repeat(BLOCK, 1).repeat(BLOCK, 2)


def brightness(picture):
    return numpy.tensordot(numpy.array((0.299, 0.587, 0.114), dtype=numpy.float32), picture, 1)


def outline(stage, scene):
    """Ink where the picture changes (Sobel's operator on each colour), on paper."""
    padded = numpy.pad(stage.draw(scene), ((0, 0), (1, 1), (1, 1)), mode="edge")
    across = padded[:, :, 2:] - padded[:, :, :-2]
    down = padded[:, 2:] - padded[:, :-2]
    across = across[:, :-2] + 2 * across[:, 1:-1] + across[:, 2:]
    down = down[:, :, :-2] + 2 * down[:, :, 1:-1] + down[:, :, 2:]
    edge = numpy.sqrt((across**2 + down**2).max(0))
    ink = numpy.clip((edge - 0.4) / 1.2, 0, 1)[None]
    ink_colour, paper = (numpy.array(c, dtype=numpy.float32).reshape(3, 1, 1) for c in (INK, PAPER))
    return ink * ink_colour + (1 - ink) * paper


def night(stage, scene):
    """Moonlight: half of the colour gone, darker and bluer; what is dark sinks."""
    picture = stage.draw(scene)
    faded = 0.5 * picture + 0.5 * brightness(picture)[None]
    deep, moon = (numpy.array(c, dtype=numpy.float32).reshape(3, 1, 1) for c in (DEEP, MOON))
    return deep + (moon - deep) * faded**1.4


STYLES = {"pixel-art": pixel_art, "outline": outline, "night": night}
