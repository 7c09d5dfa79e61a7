"""Heatmaps over their picture as Plotly figures, coloured by the two scales of colours.py."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from cnn_core.datasets import Background
from dashboard.figures import colours, pictures


def heatmap_chart(
    values: np.ndarray,
    pixels: np.ndarray,
    *,
    background: Background,
    is_signed: bool,
    unit: str,
    strength: float,
) -> go.Figure:
    """Draw one heatmap over its picture, with the raw value on hover.

    Args:
        values: (height, width), raw.
        pixels: (height, width, channels) in [0, 1], the digit below.
        background: Background of the digit.
        is_signed: True if values below 0 have a meaning.
        unit: Unit of the values.
        strength: Cover of the map over the picture, from 0 (picture only) to 1 (map only).
    """
    figure = go.Figure()
    below = _below(pixels, strength, background=background, is_signed=is_signed)
    figure.add_trace(go.Image(z=below, hoverinfo="skip"))
    figure.add_trace(_map(values, is_signed=is_signed, unit=unit, opacity=strength))
    without_axes(figure)
    figure.update_layout(height=400)
    return figure


def small_multiples(
    maps: Sequence[np.ndarray],
    titles: Sequence[str],
    pixels: np.ndarray,
    *,
    background: Background,
    signs: Sequence[bool],
    units: Sequence[str],
    strength: float,
    limit: float | None = None,
    columns: int = 5,
) -> go.Figure:
    """Draw small multiples: several heatmaps of one picture.

    Args:
        maps: Heatmaps, each (height, width), raw.
        titles: Titles, one per map.
        pixels: (height, width, channels) in [0, 1], the digit below.
        background: Background of the digit.
        signs: For each map, True if values below 0 have a meaning.
        units: Units of each map.
        strength: Cover of the maps over the picture, from 0 to 1.
        limit: End of the scale for all maps; each map's own largest magnitude if None.
        columns: Maps side by side.
    """
    rows = -(-len(maps) // columns)
    figure = make_subplots(
        rows,
        columns,
        subplot_titles=list(titles),
        horizontal_spacing=0.015,
        vertical_spacing=0.09 if rows > 1 else 0,
    )
    for i, (values, is_signed, unit) in enumerate(zip(maps, signs, units, strict=True)):
        at = {"row": i // columns + 1, "col": i % columns + 1}
        below = _below(pixels, strength, background=background, is_signed=is_signed)
        figure.add_trace(go.Image(z=below, hoverinfo="skip"), **at)
        trace = _map(values, is_signed=is_signed, unit=unit, opacity=strength, limit=limit)
        figure.add_trace(trace, **at)
    without_axes(figure)
    figure.update_layout(height=225 * rows + 10, margin_t=30)
    figure.update_annotations(font_size=13)
    return figure


def _map(
    values: np.ndarray,
    *,
    is_signed: bool,
    unit: str,
    opacity: float,
    limit: float | None = None,
) -> go.Heatmap:
    limit = limit or colours.limit_of(values)
    return go.Heatmap(
        z=values,
        zmin=-limit if is_signed else 0,
        zmax=limit,
        colorscale=colours.colorscale(is_signed=is_signed),
        opacity=opacity,
        showscale=False,
        hovertemplate=f"row %{{y}}, column %{{x}}: %{{z:.3g}} {unit}<extra></extra>",
    )


def _below(
    pixels: np.ndarray, strength: float, *, background: Background, is_signed: bool
) -> np.ndarray:
    """Return the picture below a map; without a map a photograph is shown as it is."""
    if strength == 0 and background == "photo":
        return pictures.as_picture(np.broadcast_to(pixels, (*pixels.shape[:2], 3)))
    return pictures.below(pixels, background=background, is_signed=is_signed)


def without_axes(figure: go.Figure) -> None:
    """Hide the axes of a figure and keep its pixels square."""
    figure.update_xaxes(visible=False, constrain="domain")
    figure.update_yaxes(visible=False, autorange="reversed", constrain="domain")
    for axis in figure.select_yaxes():
        axis.scaleanchor = axis.anchor or "x"
    figure.update_layout(
        margin={"l": 0, "r": 0, "t": 0, "b": 0},
        paper_bgcolor=colours.CLEAR,
        plot_bgcolor=colours.CLEAR,
        dragmode=False,
    )
