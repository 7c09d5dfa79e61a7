"""The ranking of methods as a Plotly figure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import plotly.graph_objects as go

from cnn_core.studies.faithfulness.ranking import Estimate
from dashboard.figures import colours, deletion_insertion
from dashboard.figures.line_charts import FAINT, finish


def ranking_chart(
    found: Mapping[str, Estimate], *, what: str, level: float | None, failing: Sequence[str] = ()
) -> go.Figure:
    """Draw one figure of every method, a dot with its interval each.

    Args:
        found: The estimate by the method's title, from the top down.
        what: The figure, on the level axis.
        level: Value of random orders, or None.
        failing: The titles to draw in grey.
    """
    titles = list(found)
    means, low, high = (
        np.array([getattr(each, name) for each in found.values()])
        for name in ("mean", "low", "high")
    )
    figure = go.Figure()
    if level is not None:
        figure.add_vline(
            level,
            line={"color": FAINT, "dash": "dash", "width": 2},
            annotation={"text": deletion_insertion.RANDOM, "font_size": 12},
            annotation_position="top",
        )
    figure.add_scatter(
        x=means,
        y=titles,
        error_x={
            "array": high - means,
            "arrayminus": means - low,
            "thickness": 2,
            "color": FAINT,
        },
        mode="markers",
        marker={
            "color": [colours.BEFORE if title in failing else colours.AFTER for title in titles],
            "size": 10,
        },
        customdata=np.stack([low, high], axis=1),
        hovertemplate="%{y}: %{x:.3f}, 95% interval %{customdata[0]:.3f} to %{customdata[1]:.3f}"
        "<extra></extra>",
        showlegend=False,
    )
    figure.update_xaxes(title=what, nticks=7)
    figure.update_yaxes(type="category", autorange="reversed", automargin=True)
    finish(figure, 90 + 28 * len(titles))
    figure.update_layout(margin_t=24)
    return figure
