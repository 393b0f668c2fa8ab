"""The chosen emoji with their names, to look at."""
from .choice import chosen_emoji
from .pictures import SIZE, over, render, resized
from .scenes import colour_of
from .sheet import contact_sheet


def show_data(out):
    emoji = chosen_emoji()
    pictures = [over(resized(picture, SIZE), colour_of("white")) for picture in render(emoji)]
    contact_sheet(pictures, 24, [e.name for e in emoji]).save(out)
    print(f"{len(emoji)} emoji: {out}")
