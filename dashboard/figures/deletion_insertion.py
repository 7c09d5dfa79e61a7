"""Deletion and insertion curves as Plotly figures."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from cnn_core.faithfulness import Curves, DeletionInsertionTest
from dashboard.figures import colours, html
from dashboard.figures.colours import KINDS
from dashboard.figures.line_charts import BLUE, finish
from dashboard.figures.text import as_plotly

RANDOM = "random orders"
RANDOM_BAND = f"mean and band of {{count}} {RANDOM}"


def curves(
    test: DeletionInsertionTest, titles: Sequence[str], *, what: str, score: str = "logit"
) -> tuple[go.Figure, go.Figure]:
    """Deletion and insertion curves of some maps over the band of all random orders.

    Two figures, so that a phone can put one below the other.

    Args:
        test: A row of it for each title.
        titles: Titles of the maps; the first is drawn in orange.
        what: The probability on the upright axis, such as "probability of 2".
        score: Name of the scores, "logit" or "margin".
    """
    return (
        _half(test.deletion, test.random_deletion, titles, "deleted", what, score),
        _half(test.insertion, test.random_insertion, titles, "inserted", what, score),
    )


def legend(test: DeletionInsertionTest, titles: Sequence[str]) -> str:
    """Return the legend of both figures of a deletion and insertion test, as HTML.

    Args:
        test: Test that the figures show.
        titles: Titles of the maps, as they were given for the figures.
    """
    random = RANDOM_BAND.format(count=len(test.random_deletion.probabilities))
    named = [*((title, _colour(i)) for i, title in enumerate(titles)), (random, colours.BEFORE)]
    return html.legend(named)


def _half(
    found: Curves, random: Curves, titles: Sequence[str], done: str, what: str, score: str
) -> go.Figure:
    what = as_plotly(what)
    figure = go.Figure()
    _add_band(figure, random)
    for i, title in enumerate(titles):
        figure.add_scatter(
            x=found.shares,
            y=found.probabilities[i],
            customdata=found.scores[i],
            mode="lines",
            name=title,
            line={"color": _colour(i), "width": 3 if i == 0 else 2},
            hovertemplate=f"{title}: %{{y:.1%}}, {score} %{{customdata:.1f}}, at "
            f"%{{x:.0%}} {done}<extra></extra>",
        )
    figure.update_xaxes(title=f"share of pixels {done}", tickformat=".0%")
    figure.update_yaxes(title=what, range=[-0.02, 1.02], tickformat=".0%")
    finish(figure, 300)
    # The legend below them says what the lines of both are.
    figure.update_layout(margin_t=8, showlegend=False)
    return figure


def _add_band(figure: go.Figure, random: Curves) -> None:
    lowest, highest = random.probabilities.min(axis=0), random.probabilities.max(axis=0)
    figure.add_scatter(
        x=np.concatenate([random.shares, random.shares[::-1]]),
        y=np.concatenate([highest, lowest[::-1]]),
        mode="lines",
        fill="toself",
        fillcolor=colours.BEFORE,
        opacity=0.25,
        line_width=0,
        hoverinfo="skip",
    )
    figure.add_scatter(
        x=random.shares,
        y=random.probabilities.mean(axis=0),
        mode="lines",
        line={"color": colours.BEFORE, "dash": "dash", "width": 2},
        hovertemplate="random: %{y:.1%}<extra></extra>",
    )


def _colour(i: int) -> str:
    return (colours.AFTER, BLUE, *KINDS[1:])[i]
