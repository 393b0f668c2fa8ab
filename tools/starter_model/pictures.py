"""The emoji's pictures: the colour bitmaps of Noto Color Emoji, scaled to the model's size.

A picture is premultiplied RGBA in [0, 1], float32 [4, SIZE, SIZE]: scaling must not mix in the colour of clear pixels.
"""
import io
from pathlib import Path

import numpy
from fontTools.ttLib import TTFont
from PIL import Image

FONT = Path("/usr/share/fonts/truetype/noto/NotoColorEmoji.ttf")  # Debian: fonts-noto-color-emoji
SIZE = 64
CANVAS = 144  # bitmaps are 136x128: a margin of 4 beside, 8 above and below


def glyph_bitmaps(points, path=FONT):
    """RGBA images of 136x128 for the code points."""
    font = TTFont(str(path), lazy=True)
    names, strike = font.getBestCmap(), font["CBDT"].strikeData[0]
    return [Image.open(io.BytesIO(strike[names[point]].imageData)).convert("RGBA") for point in points]


def on_canvas(bitmap):
    """Premultiplied float32 [4, CANVAS, CANVAS], the bitmap in the middle."""
    pixels = numpy.asarray(bitmap, dtype=numpy.float32) / 255
    pixels = numpy.concatenate([pixels[..., :3] * pixels[..., 3:], pixels[..., 3:]], axis=2)
    canvas = numpy.zeros((CANVAS, CANVAS, 4), dtype=numpy.float32)
    height, width = pixels.shape[:2]
    top, left = (CANVAS - height) // 2, (CANVAS - width) // 2
    canvas[top : top + height, left : left + width] = pixels
    return canvas.transpose(2, 0, 1)


def resized(picture, size):
    """Each premultiplied channel by itself; Lanczos overshoots, so the result is clipped."""
    channels = [Image.fromarray(channel).resize((size, size), Image.LANCZOS) for channel in picture]
    scaled = numpy.clip(numpy.stack([numpy.asarray(c) for c in channels]), 0, 1)
    scaled[:3] = numpy.minimum(scaled[:3], scaled[3:])
    return scaled


def render(emoji):
    """[N, 4, CANVAS, CANVAS] premultiplied: large, so that scenes can scale it once."""
    return numpy.stack([on_canvas(bitmap) for bitmap in glyph_bitmaps([e.point for e in emoji])])


def over(picture, colour):
    """The premultiplied picture laid over a colour (3 numbers in [0, 1]): RGB."""
    return picture[:3] + (1 - picture[3:]) * numpy.asarray(colour, dtype=numpy.float32).reshape(3, 1, 1)
