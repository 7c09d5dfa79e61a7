"""Arrays -> Plotly figures; no Streamlit. Heatmaps use the two scales of colours.py only."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TypeVar

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from cnn_core.activations import WeightStatistics
from cnn_core.datasets import Background
from dashboard import colours

CONFIG = {"displayModeBar": False, "scrollZoom": False, "doubleClick": False}
HISTOGRAM_COLUMNS = 2  # kernel and bias of a layer stand side by side
_CLEAR = "rgba(0,0,0,0)"

Item = TypeVar("Item")


def heatmap(
    values: np.ndarray,
    pixels: np.ndarray,
    *,
    background: Background,
    is_signed: bool,
    unit: str,
    strength: float,
) -> go.Figure:
    """One heatmap over its digit, with the raw value on hover.

    Args:
        values: (height, width), raw.
        pixels: (height, width, channels) in [0, 1], the digit below.
        background: of the digit.
        is_signed: whether values below 0 have a meaning.
        unit: of the values.
        strength: how far the map covers the digit, from 0 (digit only) to 1 (map only).
    """
    figure = go.Figure()
    below = _below(pixels, strength, background=background, is_signed=is_signed)
    figure.add_trace(go.Image(z=below, hoverinfo="skip"))
    figure.add_trace(_map(values, is_signed=is_signed, unit=unit, opacity=strength))
    _without_axes(figure)
    figure.update_layout(height=400)
    return figure


def heatmaps(
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
    """Small multiples: several heatmaps of one digit.

    Args:
        maps: each (height, width), raw.
        titles: one a map.
        pixels: (height, width, channels) in [0, 1], the digit below.
        background: of the digit.
        signs: for each map, whether values below 0 have a meaning.
        units: of each map.
        strength: how far the maps cover the digit, from 0 to 1.
        limit: one end of the scale for all maps; each map's own largest magnitude if None.
        columns: maps side by side.
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
    _without_axes(figure)
    figure.update_layout(height=225 * rows + 10, margin_t=30)
    figure.update_annotations(font_size=13)
    return figure


def winner_colours(names: Sequence[str]) -> Sequence[str]:
    """A colour for each class; none where a cell of `winners` has room for the name instead."""
    return colours.CLASSES[: len(names)] if max(map(len, names)) > 1 else ()


def winners(classes: np.ndarray, answer: int, names: Sequence[str]) -> go.Figure:
    """The class that wins with the patch at each position; the answer itself stays empty.

    A cell has room for a name of one character; where names are longer each class has a colour.

    Args:
        classes: (rows, columns) class indices.
        answer: of the untouched image.
        names: of the classes.
    """
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
    _without_axes(figure)
    figure.update_layout(height=320)
    return figure


def in_halves(items: Sequence[Item], columns: int) -> list[Sequence[Item]]:
    """Cut items into two charts of whole rows, beside or above each other; one if one row is all.

    Args:
        items: in the order of reading.
        columns: of a row.
    """
    half = columns * math.ceil(len(items) / (2 * columns))
    return [part for part in (items[:half], items[half:]) if part]


def kernels(kernel: np.ndarray, order: Sequence[int], limit: float, columns: int) -> go.Figure:
    """Many kernels as one mosaic on one symmetric scale; a click selects a filter.

    Args:
        kernel: (height, width, filters), the weights from one input channel.
        order: the filters to show, in order.
        limit: the weight at the ends of the scale.
        columns: kernels side by side.
    """
    height, width, _ = kernel.shape
    rows = -(-len(order) // columns)
    mosaic = np.full((rows * (height + 1) - 1, columns * (width + 1) - 1), np.nan)
    cells: list[tuple[int, int, int, str]] = []
    for place, index in enumerate(order):
        top, left = place // columns * (height + 1), place % columns * (width + 1)
        mosaic[top : top + height, left : left + width] = kernel[..., index]
        for row, column in np.ndindex(height, width):
            text = f"filter {index}, row {row}, column {column}: {kernel[row, column, index]:.3f}"
            cells.append((left + column, top + row, index, text))
    figure = go.Figure(
        go.Heatmap(
            z=mosaic,
            zmin=-limit,
            zmax=limit,
            colorscale=_colorscale(is_signed=True),
            showscale=False,
            hoverinfo="skip",
        )
    )
    # Heatmaps answer no click: an unseen marker over every weight does.
    across, down, filters, texts = zip(*cells, strict=True)
    figure.add_scatter(
        x=across,
        y=down,
        mode="markers",
        marker={"symbol": "square", "size": 22, "opacity": 0},
        customdata=[[index] for index in filters],
        text=texts,
        hovertemplate="%{text}<extra></extra>",
        showlegend=False,
    )
    _without_axes(figure)
    # Markers would get room around them.
    figure.update_xaxes(range=[-0.5, mosaic.shape[1] - 0.5], constraintoward="left")
    figure.update_yaxes(range=[mosaic.shape[0] - 0.5, -0.5], autorange=False, constraintoward="top")
    figure.update_layout(height=420 * mosaic.shape[0] // mosaic.shape[1])
    return figure


def weight_histograms(statistics: Sequence[WeightStatistics]) -> go.Figure:
    """A histogram of every weight array: counts over the weight's value."""
    columns = HISTOGRAM_COLUMNS
    rows = -(-len(statistics) // columns)
    titles = [f"{s.layer} {s.kind}" for s in statistics]
    figure = make_subplots(
        rows, columns, subplot_titles=titles, vertical_spacing=0.4 / rows, horizontal_spacing=0.15
    )
    for i, described in enumerate(statistics):
        counts, edges = np.histogram(described.values, bins=41)
        figure.add_bar(
            x=(edges[1:] + edges[:-1]) / 2,
            y=counts,
            marker_color="#5b8fb0",
            hovertemplate="weight %{x:.3f}: %{y}<extra></extra>",
            row=i // columns + 1,
            col=i % columns + 1,
        )
    figure.update_layout(
        height=210 * rows,
        bargap=0,
        showlegend=False,
        margin={"l": 0, "r": 0, "t": 30, "b": 0},
        paper_bgcolor=_CLEAR,
        plot_bgcolor=_CLEAR,
        dragmode=False,
    )
    figure.update_annotations(font_size=13)
    return figure


def units(values: np.ndarray, before: np.ndarray | None = None) -> go.Figure:
    """The outputs of a dense layer, a bar each, and thin grey those of the original digit."""
    figure = go.Figure(go.Bar(y=values, marker_color="#5b8fb0", name="current"))
    if before is not None:
        figure.add_scatter(
            y=before,
            mode="markers",
            marker={"color": colours.BEFORE, "symbol": "line-ew-open", "size": 8},
            name="original",
        )
    figure.update_traces(hovertemplate="unit %{x}: %{y:.2f}")
    figure.update_layout(
        height=260,
        bargap=0.15,
        margin={"l": 0, "r": 0, "t": 10, "b": 0},
        xaxis_title="unit",
        paper_bgcolor=_CLEAR,
        plot_bgcolor=_CLEAR,
        dragmode=False,
        showlegend=before is not None,
    )
    return figure


def confusion(matrix: np.ndarray, names: Sequence[str]) -> go.Figure:
    """The mistakes by true class (row) and answer (column); a click selects a cell.

    Args:
        matrix: (classes, classes) counts; the diagonal, the right answers, is left out.
        names: of the classes.
    """
    wrong = matrix - np.diag(np.diag(matrix))
    rows, columns = np.nonzero(~np.eye(len(names), dtype=bool))
    figure = go.Figure(
        go.Heatmap(
            z=np.where(wrong > 0, wrong, np.nan),
            x=list(names),
            y=list(names),
            zmin=0,
            zmax=max(int(wrong.max()), 1),
            colorscale=_colorscale(is_signed=False),
            showscale=False,
            text=np.where(wrong > 0, wrong.astype(str), ""),
            texttemplate="%{text}",
            hoverinfo="skip",
            xgap=2,
            ygap=2,
        )
    )
    # Heatmaps answer no click: an unseen marker in every cell off the diagonal does.
    figure.add_scatter(
        x=np.array(names)[columns],
        y=np.array(names)[rows],
        mode="markers",
        marker={"symbol": "square", "size": 26, "opacity": 0},
        # Lists, since rows of an array come back with a click as dicts.
        customdata=np.stack([rows, columns, wrong[rows, columns]], axis=1).tolist(),
        hovertemplate="%{y} read as %{x}: %{customdata[2]}<extra></extra>",
        showlegend=False,
    )
    ends = len(names) - 0.5
    figure.update_xaxes(title="answer", type="category", range=[-0.5, ends], constrain="domain")
    figure.update_yaxes(title="true class", type="category", range=[ends, -0.5], scaleanchor="x")
    figure.update_xaxes(showgrid=False)
    figure.update_yaxes(constrain="domain", constraintoward="top", showgrid=False)
    figure.update_layout(
        height=370,
        # Without the theme's padding, which would stand as a grey edge on two sides.
        margin={"l": 0, "r": 0, "t": 0, "b": 0, "pad": 0},
        paper_bgcolor=_CLEAR,
        plot_bgcolor="rgba(128,140,150,0.10)",
        dragmode=False,
    )
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
        colorscale=_colorscale(is_signed=is_signed),
        opacity=opacity,
        showscale=False,
        hovertemplate=f"row %{{y}}, column %{{x}}: %{{z:.3g}} {unit}<extra></extra>",
    )


def _colorscale(*, is_signed: bool) -> list[list[float | str]]:
    stops = colours.scale(is_signed)
    return [[i / (len(stops) - 1), colour] for i, colour in enumerate(stops)]


def _below(
    pixels: np.ndarray, strength: float, *, background: Background, is_signed: bool
) -> np.ndarray:
    """What lies below a map; without a map a photograph is shown as it is."""
    if strength == 0 and background == "photo":
        return colours.as_picture(np.broadcast_to(pixels, (*pixels.shape[:2], 3)))
    return colours.below(pixels, background=background, is_signed=is_signed)


def _without_axes(figure: go.Figure) -> None:
    figure.update_xaxes(visible=False, constrain="domain")
    figure.update_yaxes(visible=False, autorange="reversed", constrain="domain")
    for axis in figure.select_yaxes():
        axis.scaleanchor = axis.anchor or "x"
    figure.update_layout(
        margin={"l": 0, "r": 0, "t": 0, "b": 0},
        paper_bgcolor=_CLEAR,
        plot_bgcolor=_CLEAR,
        dragmode=False,
    )
