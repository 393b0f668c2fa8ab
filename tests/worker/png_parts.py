"""What stands in a PNG file."""

import struct
import zlib


def png_size(png):
    """Width and height, of a file that is a PNG from its first chunk to its last."""
    assert png[:8] == b"\x89PNG\r\n\x1a\n" and png[-8:-4] == b"IEND"
    return struct.unpack(">II", png[16:24])


def png_texts(png):
    """Keyword to text, of its tEXt chunks."""
    texts, place = {}, 8
    while place < len(png):
        size, kind = struct.unpack(">I4s", png[place:place + 8])
        data = png[place + 8:place + 8 + size]
        assert struct.unpack(">I", png[place + 8 + size:place + 12 + size])[0] == zlib.crc32(kind + data)
        if kind == b"tEXt":
            keyword, text = data.split(b"\0", 1)
            texts[keyword.decode()] = text.decode("latin-1")
        place += size + 12
    return texts
