"""Small ICC profiles (ICC.1:2001-04) of each kind that a picture may have, made of formulas: nobody's property."""

import struct


def _fixed(number):
    return struct.pack(">i", round(number * 65536))


def _text(text):
    data = text.encode() + b"\0"
    return b"desc" + bytes(4) + struct.pack(">I", len(data)) + data + bytes(4 + 4 + 2 + 1 + 67)


def _curve(gamma):
    return b"curv" + bytes(4) + struct.pack(">IH", 1, round(gamma * 256)) + bytes(2)


def _xyz(x, y, z):
    return b"XYZ " + bytes(4) + _fixed(x) + _fixed(y) + _fixed(z)


def _profile(kind, space, pcs, tags):
    tags = [(b"desc", _text("made by ALICE")), (b"cprt", b"text" + bytes(4) + b"none\0"),
            (b"wtpt", _xyz(0.9642, 1, 0.8249)), *tags]
    at, table, data = 128 + 4 + 12 * len(tags), b"", b""
    for name, value in tags:
        value += bytes(-len(value) % 4)
        table += name + struct.pack(">II", at + len(data), len(value))
        data += value
    header = struct.pack(">I4sI4s4s4s12s4s", at + len(data), b"alic", 0x02100000, kind, space, pcs, bytes(12), b"acsp")
    header += bytes(28) + _fixed(0.9642) + _fixed(1) + _fixed(0.8249)
    return header.ljust(128, b"\0") + struct.pack(">I", len(tags)) + table + data


def wide_rgb():
    """Primaries about as wide as Adobe RGB's, gamma 1.8."""
    return _profile(b"mntr", b"RGB ", b"XYZ ", [
        (b"rXYZ", _xyz(0.6097, 0.3111, 0.0195)), (b"gXYZ", _xyz(0.2053, 0.6257, 0.0609)),
        (b"bXYZ", _xyz(0.1492, 0.0632, 0.7446)), *((name, _curve(1.8)) for name in (b"rTRC", b"gTRC", b"bTRC"))])


def dark_grey():
    return _profile(b"mntr", b"GRAY", b"XYZ ", [(b"kTRC", _curve(1.4))])


def inks():
    """Four inks, each corner of their cube with a colour of Lab: the A2B0 table of 'mft1'."""
    colours = []
    for corner in range(16):
        c, m, y, k = ((corner >> bit) & 1 for bit in (3, 2, 1, 0))
        light = 1 - 0.85 * k
        colours += [round(255 * light * (1 - 0.3 * c - 0.45 * m - 0.08 * y)),
                    round(128 + light * (-35 * c + 70 * m - 5 * y)), round(128 + light * (-45 * c - 5 * m + 85 * y))]
    straight = bytes(range(256))
    table = b"mft1" + bytes(4) + bytes([4, 3, 2, 0]) + b"".join(_fixed(n) for n in (1, 0, 0, 0, 1, 0, 0, 0, 1))
    table += straight * 4 + bytes(max(0, min(255, n)) for n in colours) + straight * 3
    return _profile(b"prtr", b"CMYK", b"Lab ", [(b"A2B0", table)])
