"""ROC and precision-recall curves as Plotly figures."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from cnn_core.evaluation import Curve
from dashboard.figures import colours, line_charts
from dashboard.figures.text import as_plotly

# Widths of the corner that can be shown large; 1 is the whole chart.
_CORNERS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0)


def roc(
    curves: Sequence[Curve], names: Sequence[str], chosen: int, *, is_corner: bool = False
) -> go.Figure:
    """Draw the ROC curves of all classes, one of them in orange.

    Args:
        curves: Curves, one per class.
        names: Names of the classes.
        chosen: The class in orange, on top of the others.
        is_corner: Show only the top left corner, as large as the worst of the curves needs.
    """
    width = _corner([1 - curve.x for curve in curves], curves) if is_corner else 1.0
    figure = _class_curves(curves, names, chosen)
    if width == 1:
        chance = {"color": line_charts.FAINT, "dash": "dot", "width": 2}
        figure.add_scatter(x=[0, 1], y=[0, 1], mode="lines", line=chance, name="chance")
        figure.data[-1].update(hoverinfo="skip")
    figure.update_xaxes(title="false positive rate", range=_range(0, width))
    figure.update_yaxes(title="true positive rate", range=_range(1 - width, 1))
    return figure


def precision_recall(
    curves: Sequence[Curve], names: Sequence[str], chosen: int, *, is_corner: bool = False
) -> go.Figure:
    """Draw the precision-recall curves of all classes, one of them in orange.

    Args:
        curves: Curves, one per class.
        names: Names of the classes.
        chosen: The class in orange, on top of the others.
        is_corner: Show only the top right corner, as large as the worst of the curves needs.
    """
    width = _corner([curve.x for curve in curves], curves) if is_corner else 1.0
    figure = _class_curves(curves, names, chosen)
    figure.update_xaxes(title="recall", range=_range(1 - width, 1))
    figure.update_yaxes(title="precision", range=_range(1 - width, 1))
    return figure


def _class_curves(curves: Sequence[Curve], names: Sequence[str], chosen: int) -> go.Figure:
    names = [as_plotly(name) for name in names]
    figure = go.Figure()
    others = [i for i in range(len(curves)) if i != chosen]
    for i in (*others, chosen):
        is_chosen = i == chosen
        figure.add_scatter(
            # Half the digits are more than a screen shows, and half the way to the browser.
            x=curves[i].x.astype(np.float32),
            y=curves[i].y.astype(np.float32),
            customdata=curves[i].thresholds.astype(np.float32),
            mode="lines",
            name=names[i] if is_chosen else "other classes",
            line={
                "color": colours.AFTER if is_chosen else line_charts.BLUE,
                "width": 3 if is_chosen else 1.2,
            },
            showlegend=is_chosen or i == others[0],
            hovertemplate=f"{names[i]}: %{{x:.2%}}, %{{y:.2%}} at probability %{{customdata:.3f}}"
            "<extra></extra>",
        )
    figure.update_xaxes(tickformat=".3~%", nticks=6)
    figure.update_yaxes(tickformat=".3~%", nticks=6)
    line_charts.finish(figure, 360)
    figure.update_layout(hovermode="closest")
    return figure


def _corner(along: Sequence[np.ndarray], curves: Sequence[Curve]) -> float:
    """Return the width of the smallest corner that every curve runs through.

    Args:
        along: For each curve, its x counted so that 1 is in the corner.
        curves: Their y is 1 in the corner.
    """
    nearest = max(
        float((1 - np.minimum(x, curve.y)).min()) for x, curve in zip(along, curves, strict=True)
    )
    return next(width for width in _CORNERS if width >= min(1.0, 2 * nearest))


def _range(low: float, high: float) -> list[float]:
    """Return the axis from low to high with room for lines along its ends."""
    room = 0.02 * (high - low)
    return [low - room, high + room]
