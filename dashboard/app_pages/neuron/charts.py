"""One neuron -> pictures and charts; no Streamlit."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from cnn_core.neurons import ClassResponse
from dashboard.figures import colours, pictures
from dashboard.figures.line_charts import BLUE, finish
from dashboard.figures.text import as_plotly

_OUTLINE = np.array([int(colours.AFTER[i : i + 2], 16) for i in (1, 3, 5)], np.uint8)
FOR, AGAINST = colours.DIVERGING[8], colours.DIVERGING[2]
_GAP = 1


def outlined(pixels: np.ndarray, box: tuple[int, int, int, int], *, side: int = 96) -> np.ndarray:
    """Enlarge a picture pixel by pixel, and frame a part of it.

    Args:
        pixels: (height, width, channels) in [0, 1].
        box: (top, left, bottom, right) of the part, the last two exclusive; the whole picture
            gets no frame.
        side: Wanted of the larger picture; it is a whole multiple of the picture's own.

    Returns:
        (height, width, 3) uint8.
    """
    height, width = pixels.shape[:2]
    factor = max(1, round(side / min(height, width)))
    picture = pictures.as_picture(np.broadcast_to(pixels, (height, width, 3)))
    picture = picture.repeat(factor, axis=0).repeat(factor, axis=1)
    if box != (0, 0, height, width):
        top, left, bottom, right = (factor * edge for edge in box)
        # Outside of the part where there is room, so that a part of one pixel is seen too.
        top, left = max(top - 2, 0), max(left - 2, 0)
        bottom, right = min(bottom + 2, picture.shape[0]), min(right + 2, picture.shape[1])
        picture[top : top + 2, left:right] = picture[bottom - 2 : bottom, left:right] = _OUTLINE
        picture[top:bottom, left : left + 2] = picture[top:bottom, right - 2 : right] = _OUTLINE
    return picture


def weights(kernel: np.ndarray) -> np.ndarray:
    """Draw the weights of one neuron as one picture on the signed scale.

    Args:
        kernel: (height, width, input channels). Several input channels stand side by side, with a
            gap between them; weights in one row are folded to a square.

    Returns:
        (rows, columns, 3) uint8; gaps and places left over are the middle grey of both themes.
    """
    height, width, channels = kernel.shape
    if height == 1 and channels == 1:
        columns = math.ceil(math.sqrt(width))
        cells = np.full((math.ceil(width / columns), columns), np.nan)
        cells.flat[:width] = kernel.ravel()
    else:
        square = math.ceil(math.sqrt(channels * height / width))
        # A little wider than a square if nothing is left over then: three stand in a row.
        full = (each for each in range(square, 2 * square) if channels % each == 0)
        columns = next(full, square)
        rows = math.ceil(channels / columns)
        cells = np.full((rows * (height + _GAP) - _GAP, columns * (width + _GAP) - _GAP), np.nan)
        for i in range(channels):
            top, left = i // columns * (height + _GAP), i % columns * (width + _GAP)
            cells[top : top + height, left : left + width] = kernel[..., i]
    coloured = colours.colourise(
        np.nan_to_num(cells), is_signed=True, limit=colours.limit_of(kernel)
    )
    coloured[np.isnan(cells)] = (128, 140, 150)
    return coloured


def responses(found: Sequence[ClassResponse], names: Sequence[str], strongest: int) -> go.Figure:
    """Draw the activations of a neuron by class: boxes of the middle half, whiskers of 90%.

    Args:
        found: Responses, one for each class that has images.
        names: Names of all classes.
        strongest: The class in orange.
    """
    figure = go.Figure()
    for each in found:
        low, first, middle, third, high = ([float(value)] for value in each.quantiles)
        figure.add_trace(
            go.Box(
                x=[as_plotly(names[each.label])],
                lowerfence=low,
                q1=first,
                median=middle,
                q3=third,
                upperfence=high,
                mean=[each.mean],
                boxmean=True,
                marker_color=colours.AFTER if each.label == strongest else BLUE,
                line_width=1.5,
                showlegend=False,
                name=as_plotly(names[each.label]),
            )
        )
    figure.update_xaxes(title="true class", type="category")
    figure.update_yaxes(title="activation")
    finish(figure, 300)
    return figure


def by_class(values: np.ndarray, names: Sequence[str], *, title: str, unit: str) -> go.Figure:
    """Draw a signed number for each class: red above 0, for the class; blue below, against it.

    Args:
        values: (classes,).
        names: Names of the classes.
        title: Title of the axis.
        unit: Unit of the values, on hover.
    """
    figure = go.Figure(
        go.Bar(
            x=[as_plotly(name) for name in names],
            y=values,
            marker_color=[FOR if value > 0 else AGAINST for value in values],
            hovertemplate=f"%{{x}}: %{{y:.3f}} {unit}<extra></extra>",
        )
    )
    figure.update_xaxes(title="class", type="category")
    figure.update_yaxes(title=title)
    finish(figure, 260)
    figure.update_layout(showlegend=False)
    return figure
