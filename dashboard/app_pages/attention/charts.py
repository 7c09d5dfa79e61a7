"""The layer-by-layer sanity check as a Plotly figure."""

from __future__ import annotations

from collections.abc import Mapping

import plotly.graph_objects as go

from cnn_core.faithfulness.randomisation import FAILS_FROM, PASSES_BELOW
from dashboard.figures import colours
from dashboard.figures.line_charts import FAINT, finish
from dashboard.figures.text import as_plotly


def cascade(found: Mapping[str, float | None]) -> go.Figure:
    """Draw how similar a map stays while layer after layer gets fresh weights.

    Args:
        found: The similarity by the lowest layer that has forgotten, from the last layer down.
    """
    names = ["trained", *map(as_plotly, found)]
    values = [1.0, *found.values()]
    figure = go.Figure()
    for level in (PASSES_BELOW, FAILS_FROM):
        figure.add_hline(level, line={"color": FAINT, "dash": "dot", "width": 2})
    figure.add_scatter(
        x=names,
        y=values,
        mode="lines+markers",
        line={"color": colours.AFTER, "width": 3},
        marker_size=8,
        hovertemplate="down to %{x}: %{y:.2f}<extra></extra>",
        showlegend=False,
    )
    low = min(value for value in values if value is not None)
    figure.update_yaxes(range=[min(-0.1, low - 0.05), 1.05], title="similarity to the map")
    figure.update_xaxes(title="layers that have forgotten, from the last one down", type="category")
    finish(figure, 280)
    return figure
