"""Kernels and weight histograms as Plotly figures."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TypeVar

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from cnn_core.activations import WeightStatistics
from dashboard.figures import colours
from dashboard.figures.heatmaps import without_axes
from dashboard.figures.text import as_plotly

HISTOGRAM_COLUMNS = 2  # kernel and bias of a layer stand side by side

Item = TypeVar("Item")


def in_halves(items: Sequence[Item], columns: int) -> list[Sequence[Item]]:
    """Cut items into two charts of whole rows, beside or above each other; one if one row is all.

    Args:
        items: Items in the order of reading.
        columns: Columns of a row.
    """
    half = columns * math.ceil(len(items) / (2 * columns))
    return [part for part in (items[:half], items[half:]) if part]


def kernels(kernel: np.ndarray, order: Sequence[int], limit: float, columns: int) -> go.Figure:
    """Many kernels as one mosaic on one symmetric scale; a click selects a filter.

    Args:
        kernel: (height, width, filters), the weights from one input channel.
        order: The filters to show, in order.
        limit: The weight at the ends of the scale.
        columns: Kernels side by side.
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
            colorscale=colours.colorscale(is_signed=True),
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
    without_axes(figure)
    # Markers would get room around them.
    figure.update_xaxes(range=[-0.5, mosaic.shape[1] - 0.5], constraintoward="left")
    figure.update_yaxes(range=[mosaic.shape[0] - 0.5, -0.5], autorange=False, constraintoward="top")
    figure.update_layout(height=420 * mosaic.shape[0] // mosaic.shape[1])
    return figure


def weight_histograms(statistics: Sequence[WeightStatistics]) -> go.Figure:
    """Draw a histogram of every weight array: counts over the weight's value."""
    columns = HISTOGRAM_COLUMNS
    rows = -(-len(statistics) // columns)
    titles = [f"{as_plotly(s.layer)} {s.kind}" for s in statistics]
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
        paper_bgcolor=colours.CLEAR,
        plot_bgcolor=colours.CLEAR,
        dragmode=False,
    )
    figure.update_annotations(font_size=13)
    return figure
