"""Line charts as Plotly figures. Colours read on light and on dark."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from dashboard.figures import colours

BLUE = "#5b8fb0"
FAINT = "rgba(128,140,150,0.45)"


@dataclass(frozen=True)
class Line:
    """One line over the epochs of a training.

    Attributes:
        name: Name in the legend and on hover.
        values: (epochs,), the first of epoch 1.
        low: (epochs,), the lower edge of a band around the line; None for no band.
        high: (epochs,), its upper edge; None for no band.
        colour: As CSS writes it, #rrggbb.
    """

    name: str
    values: Sequence[float] | np.ndarray
    low: Sequence[float] | np.ndarray | None = None
    high: Sequence[float] | np.ndarray | None = None
    colour: str = BLUE


def over_epochs(
    panels: Mapping[str, Sequence[Line]], *, best_epoch: int | None = None
) -> go.Figure:
    """Lines over the epochs, a panel below the other for each quantity.

    Args:
        panels: For each quantity, whose name stands beside its axis, its lines; one name keeps its
            colour in all panels and stands in the legend once.
        best_epoch: The epoch to mark in every panel, from 1; None marks none.
    """
    figure = make_subplots(len(panels), shared_xaxes=True, vertical_spacing=0.08)
    known: set[str] = set()
    for row, (title, lines) in enumerate(panels.items(), 1):
        for line in lines:
            _add_line(figure, line, row, is_new=line.name not in known)
            known.add(line.name)
        figure.update_yaxes(title=title, row=row)
    figure.update_xaxes(title="epoch", row=len(panels))
    # One epoch is one whole number; ten make a legible axis of any length.
    figure.update_xaxes(tickformat="d", nticks=10)
    if best_epoch is not None:
        figure.add_vline(best_epoch, line={"color": FAINT, "dash": "dot", "width": 2})
    finish(figure, 60 + 180 * len(panels))
    figure.update_layout(hovermode="x unified")
    return figure


def training_curves(history: Mapping[str, Sequence[float]], best_epoch: int) -> go.Figure:
    """Accuracy and loss over the epochs, on the training and on the validation part.

    Args:
        history: Accuracy, loss, val_accuracy and val_loss, a value for each epoch.
        best_epoch: The epoch whose weights were kept, from 1.
    """
    return over_epochs(
        {
            name: (
                Line("training", history[name], colour=BLUE),
                Line("validation", history[f"val_{name}"], colour=colours.AFTER),
            )
            for name in ("accuracy", "loss")
        },
        best_epoch=best_epoch,
    )


def band(
    along: Sequence[float] | np.ndarray,
    low: Sequence[float] | np.ndarray,
    high: Sequence[float] | np.ndarray,
    colour: str,
    name: str,
) -> go.Scatter:
    """Draw the pale band of a line between its lower and its upper edge.

    Args:
        along: (n,) the places.
        low: (n,) the lower edge.
        high: (n,) the upper edge.
        colour: Colour of the line, as CSS writes it.
        name: Name of the line; the legend hides and shows both together.
    """
    return go.Scatter(
        x=np.concatenate([along, along[::-1]]),
        y=np.concatenate([high, np.asarray(low)[::-1]]),
        mode="lines",  # of few points, Plotly would mark each
        fill="toself",
        fillcolor=colour,
        opacity=0.2,
        line_width=0,
        hoverinfo="skip",
        legendgroup=name,
        showlegend=False,
    )


def finish(figure: go.Figure, height: int) -> None:
    """Give a figure the layout of all charts of lines and dots: the legend in a row above.

    Args:
        figure: Figure to change.
        height: Height in CSS pixels.
    """
    figure.update_layout(
        height=height,
        margin={"l": 0, "r": 20, "t": 8, "b": 0},
        legend={"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0, "title": None},
        dragmode=False,
    )


def _add_line(figure: go.Figure, line: Line, row: int, *, is_new: bool) -> None:
    epochs = np.arange(1, len(line.values) + 1)
    if line.low is not None and line.high is not None:
        shade = band(epochs, line.low, line.high, line.colour, line.name)
        figure.add_trace(shade, row=row, col=1)
    figure.add_scatter(
        x=epochs,
        y=line.values,
        mode="lines+markers" if len(epochs) < 30 else "lines",
        name=line.name,
        line={"color": line.colour, "width": 2},
        marker_size=4,
        legendgroup=line.name,
        showlegend=is_new,
        hovertemplate="%{y:.4f}",
        row=row,
        col=1,
    )
