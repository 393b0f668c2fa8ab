"""How pictures are compared. Pictures are RGB float arrays [..., 3, H, W] in [0, 1].

The distance is the mean squared difference of 2x2 means: a shift by one pixel, which nobody sees, then counts little,
while shape, parts and colours count in full. It knows nothing of what was trained.
"""
import numpy

from .scenes import COLOUR_NAMES, COLOURS, canonical, colour_of

BORDER = 2  # pixels: no thing in its usual place comes so near to the edge


def halved(pictures):
    *lead, height, width = pictures.shape
    return pictures.reshape(*lead, height // 2, 2, width // 2, 2).mean((-1, -3))


class Gallery:
    """Training pictures to search: the nearest one's label."""

    def __init__(self, pictures, labels):
        """pictures [N, 3, H, W]"""
        self.flat = halved(pictures).reshape(len(pictures), -1)
        self.squares = (self.flat**2).mean(1)
        self.labels = labels

    def distances(self, picture):
        flat = halved(picture).reshape(-1)
        return self.squares - 2 * (self.flat @ flat) / flat.size + (flat**2).mean()

    def nearest(self, picture):
        """(label, distance)"""
        distances = self.distances(picture)
        best = int(numpy.argmin(distances))
        return self.labels[best], float(distances[best])


def border_colour(picture):
    """The named colour that is nearest to the mean of the border."""
    edge = numpy.ones(picture.shape[1:], dtype=bool)
    edge[BORDER:-BORDER, BORDER:-BORDER] = False
    mean = picture[:, edge].mean(1)
    return min(COLOURS, key=lambda name: ((mean - numpy.array(colour_of(name))) ** 2).sum())


def gradient_energy(picture):
    """Mean square of the steps between neighbours, across and down."""
    across, down = picture[:, :, 1:] - picture[:, :, :-1], picture[:, 1:] - picture[:, :-1]
    return float((across**2).mean() + (down**2).mean())


def psnr(picture, other):
    return float(-10 * numpy.log10(max(((picture - other) ** 2).mean(), 1e-10)))


def whole_gallery(stage, names, colours=COLOUR_NAMES):
    """Every thing on every colour; labels are (name, colour)."""
    labels = [(i, colour) for colour in colours for i in range(len(names))]
    pictures = numpy.stack([stage.draw(canonical(i, colour)) for i, colour in labels])
    return Gallery(pictures, [(names[i], colour) for i, colour in labels])
