"""The winning class at every patch position as a Plotly figure."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from dashboard.figures import colours
from dashboard.figures.heatmaps import without_axes
from dashboard.figures.text import as_plotly


def winner_colours(names: Sequence[str]) -> Sequence[str]:
    """Return a colour for each class; none where a cell has room for the name."""
    return colours.CLASSES[: len(names)] if max(map(len, names)) > 1 else ()


def winners(classes: np.ndarray, answer: int, names: Sequence[str]) -> go.Figure:
    """Draw the class that wins with the patch at each position; the prediction stays empty.

    A cell has room for a name of one character; where names are longer each class has a colour.

    Args:
        classes: (rows, columns) class indices.
        answer: Prediction for the untouched image.
        names: Names of the classes.
    """
    names = [as_plotly(name) for name in names]
    is_flipped, of_classes = classes != answer, winner_colours(names)
    text = np.where(is_flipped & (not of_classes), np.array(names)[classes], "")
    paints = of_classes or (colours.AFTER,)
    steps = np.linspace(0, 1, len(paints) + 2)
    bands = zip(["rgba(128,140,150,0.14)", *paints], steps[:-1], steps[1:], strict=True)
    figure = go.Figure(
        go.Heatmap(
            z=np.where(is_flipped, 1 + classes if of_classes else 1, 0),
            zmin=-0.5,
            zmax=len(paints) + 0.5,
            colorscale=[(end, paint) for paint, *ends in bands for end in ends],
            showscale=False,
            text=text,
            texttemplate="%{text}",
            textfont={"color": "#1B2126", "size": 11},
            customdata=np.array(names)[classes],
            hovertemplate="row %{y}, column %{x}: answer %{customdata}<extra></extra>",
            xgap=1,
            ygap=1,
        )
    )
    without_axes(figure)
    figure.update_layout(height=320)
    return figure
