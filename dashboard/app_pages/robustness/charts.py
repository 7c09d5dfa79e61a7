"""How far answers hold -> lines over the strength as Plotly figures; no Streamlit."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from cnn_core.robustness import Sweep
from cnn_core.studies.robustness import Curve
from dashboard.figures import colours
from dashboard.figures.line_charts import BLUE, FAINT, band, finish
from dashboard.figures.text import as_plotly

OTHERS = "other networks"
_LINES = (
    {"color": colours.AFTER, "width": 3},
    {"color": BLUE, "width": 2},
    {"color": colours.BEFORE, "width": 2, "dash": "dot"},
    {"color": colours.BEFORE, "width": 1.2},
)


def probabilities(found: Sweep, names: Sequence[str], strength: float, axis: str) -> go.Figure:
    """Draw the probability of the prediction, in orange, of what it turns into, and of rivals.

    Args:
        found: Found of one picture.
        names: Names of the classes.
        strength: Strength of the page.
        axis: The title of the strengths.
    """
    holds = (found.hold(sign) for sign in (1, -1))
    turned = [hold.answer for hold in holds if hold is not None and hold.answer is not None]
    highest = np.argsort(-found.probabilities.max(axis=0), kind="stable").tolist()
    shown = dict.fromkeys((found.answer, *turned, *highest))
    figure = go.Figure()
    for i, line in zip(shown, _LINES, strict=False):
        figure.add_scatter(
            x=found.strengths,
            y=found.probabilities[:, i],
            mode="lines",
            name=as_plotly(names[i]),
            line=line,
            hovertemplate=f"{as_plotly(names[i])}: %{{y:.1%}}<extra></extra>",
        )
    _mark(figure, strength)
    figure.update_xaxes(title=axis, nticks=8, hoverformat=".4~g")
    figure.update_yaxes(title="probability", range=[-0.02, 1.03], tickformat=".0%")
    finish(figure, 300)
    figure.update_layout(hovermode="x unified")
    return figure


def accuracies(
    curves: Sequence[Curve],
    titles: Sequence[str],
    *,
    chosen: int,
    beside: int | None,
    strength: float,
    axis: str,
) -> go.Figure:
    """Draw the accuracy of several networks over the strength, two of them with their intervals.

    Args:
        curves: Curves, one per network.
        titles: Titles of the networks.
        chosen: The network in orange.
        beside: The one in blue, or None; all others are faint.
        strength: Strength of the page.
        axis: The title of the strengths.
    """
    figure = go.Figure()
    others = [i for i in range(len(curves)) if i not in (chosen, beside)]
    for i in others:
        faint = {"color": FAINT, "width": 1.5}
        figure.add_trace(_curve(curves[i], titles[i], faint))
        figure.data[-1].update(name=OTHERS, legendgroup="others", showlegend=i == others[0])
    marked = [(chosen, _LINES[0])] if beside is None else [(beside, _LINES[1]), (chosen, _LINES[0])]
    for i, line in marked:
        low, high = np.array(curves[i].intervals).T
        figure.add_trace(band(curves[i].strengths, low, high, str(line["color"]), titles[i]))
        figure.add_trace(_curve(curves[i], titles[i], line))
    _mark(figure, strength)
    figure.update_xaxes(title=axis, nticks=8)
    figure.update_yaxes(title="right answers", range=[-0.02, 1.03], tickformat=".0%")
    finish(figure, 380)
    figure.update_layout(hovermode="closest")
    return figure


def _curve(curve: Curve, title: str, line: dict[str, object]) -> go.Scatter:
    ends = [f"{100 * low:.1f} to {100 * high:.1f}%" for low, high in curve.intervals]
    return go.Scatter(
        x=curve.strengths,
        y=curve.accuracies,
        customdata=ends,
        mode="lines+markers",
        name=title,
        line=line,
        marker_size=5,
        legendgroup=title,
        hovertemplate=f"{title} at %{{x}}: %{{y:.1%}} (%{{customdata}})<extra></extra>",
    )


def _mark(figure: go.Figure, strength: float) -> None:
    figure.add_vline(strength, line={"color": FAINT, "dash": "dot", "width": 2})
