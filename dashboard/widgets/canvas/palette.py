"""What pen and eraser paint on the pictures of each data set.

Digits are ink on paper. A photograph has no paper: there the eraser leaves an even mid grey, which
takes a part away without drawing another one, and the pen has a few colours to choose from.
"""

from __future__ import annotations

from dataclasses import dataclass

from cnn_core import datasets

Colour = tuple[int, ...]


@dataclass(frozen=True)
class Palette:
    """The colours of the drawing tools, as levels from 0 to 255, one a channel.

    Attributes:
        paper: Colour that the eraser leaves.
        inks: Name and colour of what the pen may hold; it holds the first one at first.
    """

    paper: Colour
    inks: tuple[tuple[str, Colour], ...]


INK_ON_PAPER = Palette(paper=(0,), inks=(("Ink", (255,)),))
GREY = Palette(paper=(128,), inks=(("White", (255,)), ("Black", (0,))))
COLOUR = Palette(
    paper=(128, 128, 128),
    inks=(
        ("White", (255, 255, 255)),
        ("Black", (0, 0, 0)),
        ("Red", (200, 40, 40)),
        ("Yellow", (240, 200, 60)),
        ("Green", (70, 130, 60)),
        ("Blue", (80, 150, 220)),
        ("Brown", (120, 80, 50)),
    ),
)


def palette_of(dataset: str) -> Palette:
    """Return the palette for the pictures of a data set.

    Raises:
        UnknownNameError: No data set has this name.
    """
    row = datasets.get(dataset)
    if row.background == "paper":
        return INK_ON_PAPER
    return COLOUR if row.image_shape[2] == 3 else GREY
