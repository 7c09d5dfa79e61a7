"""How far maps can be believed -> Plotly figures; no Streamlit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import plotly.graph_objects as go

from cnn_core.faithfulness import Curves, ErasureTest
from cnn_core.faithfulness.randomisation import FAILS_FROM, PASSES_BELOW
from cnn_core.studies.map_ranking import Estimate
from dashboard import colours, markup
from dashboard.curves import BLUE, FAINT, finish
from dashboard.experiment_charts import KINDS

RANDOM = "random orders"


def erasure(
    test: ErasureTest, titles: Sequence[str], *, what: str, score: str = "logit"
) -> tuple[go.Figure, go.Figure]:
    """Deletion and insertion curves of some maps over the band of all random orders.

    Two figures, so that a phone can put one below the other.

    Args:
        test: a row of it for each title.
        titles: of the maps; the first is drawn in orange.
        what: the probability on the upright axis, such as "probability of 2".
        score: what the test calls scores, "logit" or "margin".
    """
    return (
        _half(test.deletion, test.random_deletion, titles, "deleted", what, score),
        _half(test.insertion, test.random_insertion, titles, "inserted", what, score),
    )


def erasure_legend(test: ErasureTest, titles: Sequence[str]) -> str:
    """What the lines of both figures of an erasure test are, as HTML.

    Args:
        test: what the figures show.
        titles: of the maps, as they were given for the figures.
    """
    random = f"mean and band of {len(test.random_deletion.probabilities)} {RANDOM}"
    named = [*((title, _colour(i)) for i, title in enumerate(titles)), (random, colours.BEFORE)]
    return markup.legend(named)


def cascade(found: Mapping[str, float | None]) -> go.Figure:
    """How alike a map stays while layer after layer forgets what it learnt.

    Args:
        found: the similarity by the lowest layer that has forgotten, from the last layer down.
    """
    names = ["trained", *found]
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


def ranking(
    found: Mapping[str, Estimate], *, what: str, level: float | None, failing: Sequence[str] = ()
) -> go.Figure:
    """One figure of every method, a dot with its interval each.

    Args:
        found: the estimate by the method's title, from the top down.
        what: the figure, on the level axis.
        level: what random orders get, or None.
        failing: the titles to draw in grey.
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
            annotation={"text": RANDOM, "font_size": 12},
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


def _half(
    found: Curves, random: Curves, titles: Sequence[str], done: str, what: str, score: str
) -> go.Figure:
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
