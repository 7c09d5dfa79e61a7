"""How right networks are -> dots and cells as Plotly figures; no Streamlit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from cnn_core.evaluation import Calibration, Summary, wilson_interval
from dashboard.figures import colours, confusion_matrix
from dashboard.figures.line_charts import BLUE, FAINT, finish
from dashboard.figures.text import as_plotly


def full_confusion(
    matrix: np.ndarray, names: Sequence[str], chosen: tuple[int, int] | None = None
) -> go.Figure:
    """charts.confusion with the right answers as well; a click selects any cell.

    Args:
        matrix: (classes, classes) counts by true class (row) and answer (column).
        names: Names of the classes.
        chosen: Row and column of the cell to frame; None frames none.
    """
    labels = [as_plotly(name) for name in names]
    figure, right = confusion_matrix.mistake_matrix(matrix, names), np.diag(matrix).tolist()
    figure.add_scatter(
        x=labels,
        y=labels,
        mode="markers+text",
        text=[str(count) for count in right],
        textfont_size=11,
        marker={"symbol": "square", "size": 26, "opacity": 0},
        customdata=[[i, i, count] for i, count in enumerate(right)],
        hovertemplate="%{y} answered right: %{customdata[2]}<extra></extra>",
        showlegend=False,
    )
    if chosen is not None:
        row, column = chosen
        ends = {"x0": column - 0.5, "x1": column + 0.5, "y0": row - 0.5, "y1": row + 0.5}
        figure.add_shape(type="rect", **ends, line={"color": colours.AFTER, "width": 3})
    return figure


def reliability(found: Calibration) -> go.Figure:
    """Draw the accuracy of predictions by their probability, and below how many there are.

    Each dot has the interval in which the share lies with 95% confidence.
    """
    filled = np.flatnonzero(found.counts)
    confidence, kept, counts = (
        values[filled] for values in (found.confidence, found.accuracy, found.counts)
    )
    ends = np.array([wilson_interval(*pair) for pair in zip(kept, counts.tolist(), strict=True)])
    figure = make_subplots(2, shared_xaxes=True, row_heights=[0.7, 0.3], vertical_spacing=0.06)
    perfect = {"color": FAINT, "dash": "dot", "width": 2}
    figure.add_scatter(x=[0, 1], y=[0, 1], mode="lines", line=perfect, row=1, col=1)
    figure.data[-1].update(name="kept exactly", hoverinfo="skip")
    figure.add_scatter(
        x=confidence,
        y=kept,
        mode="markers",
        name="this network",
        marker={"color": colours.AFTER, "size": 9},
        error_y=_whiskers(kept, ends),
        customdata=counts,
        hovertemplate="promised %{x:.1%}, right %{y:.1%} of %{customdata:,}<extra></extra>",
        row=1,
        col=1,
    )
    figure.add_bar(
        x=((found.edges[1:] + found.edges[:-1]) / 2)[filled],
        y=counts,
        width=0.94 * (found.edges[1] - found.edges[0]),
        marker_color=BLUE,
        showlegend=False,
        hovertemplate="%{y:,} answers<extra></extra>",
        row=2,
        col=1,
    )
    figure.update_xaxes(range=[0, 1.02], tickformat=".0%", dtick=0.2)
    figure.update_xaxes(title="probability of the answer", row=2)
    figure.update_yaxes(title="right answers", range=[-0.02, 1.03], tickformat=".0%", row=1)
    decades = float(np.log10(counts.max()))
    figure.update_yaxes(title="answers (log)", type="log", dtick=1, row=2)
    figure.update_yaxes(range=[-0.3, decades + 0.2], row=2)
    finish(figure, 430)
    return figure


def accuracies(
    summaries: Mapping[str, Summary], published: Sequence[float | None], chosen: int
) -> go.Figure:
    """Draw the accuracy of several networks with its interval, a row each.

    Args:
        summaries: Summaries by the network's title.
        published: The accuracy that the source of each network states, or None.
        chosen: The network in orange.
    """
    titles, found = list(map(as_plotly, summaries)), list(summaries.values())
    shares = np.array([each.accuracy for each in found])
    figure = go.Figure(
        go.Scatter(
            x=shares,
            y=titles,
            mode="markers",
            name="measured here",
            marker={
                "size": 10,
                "color": [colours.AFTER if i == chosen else BLUE for i in range(len(found))],
            },
            error_x=_whiskers(shares, np.array([each.interval for each in found])),
            hovertemplate="%{y}: %{x:.2%}<extra></extra>",
        )
    )
    figure.add_scatter(
        x=published,
        y=titles,
        mode="markers",
        name="published",
        marker={"size": 11, "symbol": "diamond-open", "color": colours.BEFORE, "line_width": 2},
        hovertemplate="%{y}, published: %{x:.2%}<extra></extra>",
        showlegend=any(share is not None for share in published),
    )
    figure.update_xaxes(title="accuracy on the test set", tickformat=".4~%", nticks=6)
    figure.update_yaxes(autorange="reversed", ticks="")
    finish(figure, 120 + 34 * len(found))
    return figure


def _whiskers(values: np.ndarray, ends: np.ndarray) -> dict[str, object]:
    return {
        "type": "data",
        "symmetric": False,
        "array": ends[:, 1] - values,
        "arrayminus": values - ends[:, 0],
        "thickness": 1.5,
        "width": 4,
        "color": colours.BEFORE,
    }
