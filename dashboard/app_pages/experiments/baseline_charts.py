"""Baselines, cross-validation and grid search -> dots as Plotly figures; no Streamlit."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from cnn_core.studies.baselines import METHODS, Baseline
from cnn_core.studies.grid_search import GridSearch, Point
from cnn_core.studies.k_fold import KFold
from dashboard.app_pages.experiments.charts import PUBLISHED_BEST
from dashboard.figures import colours
from dashboard.figures.colours import KINDS
from dashboard.figures.line_charts import BLUE, FAINT, finish

_PUBLISHED = {"color": colours.BEFORE, "symbol": "x", "size": 10}


def baselines(rows: Sequence[Baseline]) -> go.Figure:
    """Draw the accuracy of each method on one data set, beside the published one."""
    titles = [METHODS[row.method].title for row in rows]
    shares = np.array([row.accuracy for row in rows])
    low, high = np.array([row.interval for row in rows]).T
    figure = go.Figure()
    figure.add_scatter(
        x=shares,
        y=titles,
        error_x={"array": high - shares, "arrayminus": shares - low, "thickness": 2},
        mode="markers",
        name="measured here, 95% interval",
        marker={"color": colours.AFTER, "size": 10},
        hovertemplate="%{y}: %{x:.2%}<extra></extra>",
    )
    if any(row.published is not None for row in rows):
        figure.add_scatter(
            x=[row.published for row in rows],
            y=titles,
            mode="markers",
            name="published",
            marker=_PUBLISHED,
            hovertemplate="%{y}: published %{x:.2%}<extra></extra>",
        )
    figure.update_xaxes(tickformat=".0%", nticks=7, title="accuracy on the test set")
    figure.update_yaxes(type="category", autorange="reversed")
    finish(figure, 110 + 40 * len(rows))
    return figure


def k_fold(found: KFold) -> go.Figure:
    """Draw the accuracy on every fold, their mean and deviation, and the published mean."""
    folds = np.arange(1, len(found.accuracies) + 1)
    figure = go.Figure()
    figure.add_hrect(
        found.mean - found.deviation,
        found.mean + found.deviation,
        fillcolor=colours.AFTER,
        opacity=0.15,
        line_width=0,
    )
    ends = [0.5, len(folds) + 0.5]
    for name, share, look in (
        ("mean ± deviation", found.mean, {"color": colours.AFTER, "width": 2}),
        ("published mean", found.published_mean, {"color": colours.BEFORE, "dash": "dash"}),
    ):
        figure.add_scatter(
            x=ends,
            y=[share, share],
            mode="lines",
            name=name,
            line=look,
            hovertemplate=f"{name}: %{{y:.2%}}<extra></extra>",
        )
    figure.add_scatter(
        x=folds,
        y=found.accuracies,
        mode="markers",
        name="each fold",
        marker={"color": BLUE, "size": 9},
        hovertemplate="fold %{x}: %{y:.2%}<extra></extra>",
    )
    figure.update_xaxes(title="fold left out", range=ends, dtick=1, showgrid=False)
    figure.update_yaxes(title="accuracy", tickformat=".1%", nticks=6)
    finish(figure, 300)
    return figure


def grid_search(found: GridSearch) -> go.Figure:
    """Draw every point of the grid, a panel per number of layers, a colour per optimizer."""
    layers = sorted({point.settings.num_layers for point in found.points})
    titles = [f"{count} hidden layer{'s' * (count > 1)}" for count in layers]
    figure = make_subplots(
        1, len(layers), shared_yaxes=True, subplot_titles=titles, horizontal_spacing=0.03
    )
    for column, count in enumerate(layers, 1):
        chosen = [point for point in found.points if point.settings.num_layers == count]
        for optimizer, colour in zip(("adam", "rmsprop"), KINDS[:2], strict=True):
            points = [point for point in chosen if point.settings.optimizer == optimizer]
            _add_points(figure, points, optimizer, colour, column)
        for name, point, colour in (
            ("best here", found.best, colours.AFTER),
            (PUBLISHED_BEST, found.published_best, colours.BEFORE),
        ):
            if point in chosen:
                _add_ring(figure, point, name, colour, column)
    finish(figure, 400)
    figure.update_annotations(font_size=13)
    figure.update_layout(margin_t=70, legend_y=1.12)
    shares = [share for point in found.points for share in point.accuracies]
    room = 0.05 * (max(shares) - min(shares))
    figure.update_xaxes(tickformat=".1%", nticks=5, range=[min(shares) - room, max(shares) + room])
    figure.update_xaxes(title="accuracy")
    figure.update_yaxes(type="category", autorange="reversed")
    return figure


def _add_points(
    figure: go.Figure, points: Sequence[Point], optimizer: str, colour: str, column: int
) -> None:
    means = np.array([point.mean for point in points])
    low, high = (np.array([end(point.accuracies) for point in points]) for end in (min, max))
    figure.add_scatter(
        x=means,
        y=[_row(point) for point in points],
        error_x={"array": high - means, "arrayminus": means - low, "color": FAINT, "thickness": 2},
        mode="markers",
        name={"adam": "Adam", "rmsprop": "RMSprop"}[optimizer],
        marker={"color": colour, "size": 8},
        legendgroup=optimizer,
        showlegend=column == 1,
        hovertemplate="%{y}: %{x:.2%}",
        row=1,
        col=column,
    )


def _add_ring(figure: go.Figure, point: Point, name: str, colour: str, column: int) -> None:
    figure.add_scatter(
        x=[point.mean],
        y=[_row(point)],
        mode="markers",
        name=name,
        marker={"symbol": "circle-open", "size": 18, "color": colour, "line_width": 2},
        hoverinfo="skip",
        row=1,
        col=column,
    )


def _row(point: Point) -> str:
    settings = point.settings
    return f"{settings.units} units, batch {settings.batch_size}, {settings.epochs} epochs"
