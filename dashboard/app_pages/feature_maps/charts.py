"""The outputs of a dense layer as a Plotly figure."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go

from dashboard.figures import colours


def units(values: np.ndarray, before: np.ndarray | None = None) -> go.Figure:
    """Draw the outputs of a dense layer as bars, those of the original picture in thin grey."""
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
        paper_bgcolor=colours.CLEAR,
        plot_bgcolor=colours.CLEAR,
        dragmode=False,
        showlegend=before is not None,
    )
    return figure
