#!/usr/bin/env python3
"""Writes tests/data/pictures: small files of every kind that is read, and what Pillow sees in them (expected/NAME.png,
and NAME.alpha.png where something shines through). Debian's python3-pil has the libraries that ALICE is built with, so
the pixels are equal to the bit.

Usage: pictures.py [FOLDER]
"""

import io
import pathlib
import struct
import sys
import zlib

import numpy
from PIL import Image, ImageCms, ImageOps

import icc_profiles

WIDTH, HEIGHT = 37, 21
ORIENTATION = 0x0112


def colours(width=WIDTH, height=HEIGHT):
    y, x = numpy.mgrid[0:height, 0:width]
    waves = [128 + 110 * numpy.sin(x / 5 + 1.3 * c) * numpy.cos(y / (4 + c)) for c in range(3)]
    return Image.fromarray(numpy.stack(waves, -1).round().astype(numpy.uint8), "RGB")


def transparency(width=WIDTH, height=HEIGHT):
    y, x = numpy.mgrid[0:height, 0:width]
    return Image.fromarray(((x * 7 + y * 12) % 256).astype(numpy.uint8), "L")


def with_alpha(picture):
    picture = picture.copy()
    picture.putalpha(transparency(*picture.size))
    return picture


def png(samples, depth, colour, interlaced=False):
    """A PNG that Pillow does not write: 16 bits, or in the seven passes of Adam7."""
    passes = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]
    rows = b""
    for left, top, right, down in passes if interlaced else [(0, 0, 1, 1)]:
        for row in samples[top::down, left::right]:
            if row.size:
                rows += b"\0" + row.astype(">u2" if depth == 16 else "u1").tobytes()
    chunk = lambda name, data: struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
    height, width = samples.shape[:2]
    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, int(interlaced))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows, 9)) + chunk(b"IEND", b"")


def exif(orientation):
    tags = Image.Exif()
    tags[ORIENTATION] = orientation
    return tags.tobytes()


def write_files(folder):
    rgb, small = colours(), colours(11, 6)
    rgba = with_alpha(rgb)
    rgb.save(folder / "rgb.png")
    rgba.save(folder / "rgba.png")
    rgb.convert("L").save(folder / "grey.png")
    rgba.convert("LA").save(folder / "grey-alpha.png")
    rgb.quantize(7).save(folder / "palette.png")
    rgb.quantize(7).save(folder / "palette-alpha.png", transparency=3)
    rgb.save(folder / "profile.png", icc_profile=icc_profiles.wide_rgb())
    rgb.convert("L").save(folder / "grey-profile.png", icc_profile=icc_profiles.dark_grey())
    small.save(folder / "turned.png", exif=exif(6))
    deep = numpy.asarray(rgb).astype(int) * 256 + 77
    (folder / "deep.png").write_bytes(png(deep, 16, 2))
    (folder / "interlaced.png").write_bytes(png(numpy.asarray(rgba), 8, 6, interlaced=True))

    rgb.save(folder / "half-colours.jpg", quality=80)
    rgb.save(folder / "full-colours.jpg", quality=90, subsampling=0)
    rgb.save(folder / "progressive.jpg", progressive=True)
    rgb.convert("L").save(folder / "grey.jpg")
    rgb.save(folder / "profile.jpg", icc_profile=icc_profiles.wide_rgb())
    rgb.convert("CMYK").save(folder / "inks.jpg")
    rgb.convert("CMYK").save(folder / "inks-profile.jpg", icc_profile=icc_profiles.inks())
    for orientation in range(1, 9):
        small.save(folder / f"turned-{orientation}.jpg", exif=exif(orientation))

    rgb.save(folder / "lossy.webp", quality=70)
    rgb.save(folder / "lossless.webp", lossless=True)
    rgba.save(folder / "alpha.webp", quality=70)
    rgba.save(folder / "alpha-lossless.webp", lossless=True, exact=True)
    rgb.save(folder / "profile.webp", lossless=True, icc_profile=icc_profiles.wide_rgb())
    small.save(folder / "turned.webp", lossless=True, exif=exif(8))


def write_refused(folder):
    frames = [colours(8, 8), colours(8, 8).transpose(Image.Transpose.ROTATE_90)]
    for name in ("animated.png", "animated.webp", "picture.gif"):
        frames[0].save(folder / name, save_all=True, append_images=frames[1:])
    frames[0].save(folder / "picture.bmp")
    frames[0].save(folder / "picture.tiff")


def in_srgb(picture):
    profile = picture.info.get("icc_profile")
    if not profile:
        return picture.convert("RGB")
    source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
    return ImageCms.profileToProfile(picture, source, ImageCms.createProfile("sRGB"), outputMode="RGB")


def upright(image, orientation):
    tagged = image.copy()
    tagged.getexif()[ORIENTATION] = orientation
    return ImageOps.exif_transpose(tagged)


def write_expected(folder):
    for file in sorted(folder.iterdir()):
        if not file.is_file():
            continue
        picture = Image.open(file)
        orientation = picture.getexif().get(ORIENTATION, 1)
        expected = folder / "expected" / file.name
        upright(in_srgb(picture), orientation).save(f"{expected}.png", exif=b"")
        if picture.mode in ("RGBA", "LA") or "transparency" in picture.info:
            alpha = picture.convert("RGBA").getchannel("A")
            upright(alpha, orientation).save(f"{expected}.alpha.png", exif=b"")


def main():
    root = pathlib.Path(__file__).resolve().parents[2]
    folder = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else root / "tests/data/pictures"
    for part in ("expected", "refused"):
        (folder / part).mkdir(parents=True, exist_ok=True)
    write_files(folder)
    write_expected(folder)
    write_refused(folder / "refused")


if __name__ == "__main__":
    main()
