"""The confusion matrix as a Plotly figure that can be clicked."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from dashboard.figures import colours
from dashboard.figures.text import as_plotly


def mistake_matrix(matrix: np.ndarray, names: Sequence[str]) -> go.Figure:
    """Draw the mistakes by true class (row) and prediction (column); a click selects a cell.

    Args:
        matrix: (classes, classes) counts; the diagonal, the right answers, is left out.
        names: Names of the classes.
    """
    names = [as_plotly(name) for name in names]
    wrong = matrix - np.diag(np.diag(matrix))
    rows, columns = np.nonzero(~np.eye(len(names), dtype=bool))
    figure = go.Figure(
        go.Heatmap(
            z=np.where(wrong > 0, wrong, np.nan),
            x=list(names),
            y=list(names),
            zmin=0,
            zmax=max(int(wrong.max()), 1),
            colorscale=colours.colorscale(is_signed=False),
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
        paper_bgcolor=colours.CLEAR,
        plot_bgcolor="rgba(128,140,150,0.10)",
        dragmode=False,
    )
    return figure
