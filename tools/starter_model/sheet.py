"""Contact sheets: many small pictures on one, row by row."""
import numpy
from PIL import Image, ImageDraw


def contact_sheet(pictures, columns, labels=None, zoom=1):
    """pictures: RGB float arrays [3, H, W] in [0, 1], all of one size -> an image."""
    height, width = pictures[0].shape[1] * zoom, pictures[0].shape[2] * zoom
    caption = 12 if labels else 0
    rows = (len(pictures) + columns - 1) // columns
    sheet = Image.new("RGB", (columns * (width + 2), rows * (height + caption + 2)), "grey")
    draw = ImageDraw.Draw(sheet)
    for i, picture in enumerate(pictures):
        pixels = numpy.clip(numpy.rint(picture * 255), 0, 255).astype(numpy.uint8).transpose(1, 2, 0)
        x, y = (i % columns) * (width + 2), (i // columns) * (height + caption + 2)
        sheet.paste(Image.fromarray(pixels).resize((width, height), Image.NEAREST), (x, y))
        if labels:
            draw.text((x + 1, y + height), labels[i][: width // 6], fill="white")
    return sheet
