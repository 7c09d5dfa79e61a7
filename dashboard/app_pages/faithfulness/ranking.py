"""The ranking of the methods on a page: figures with intervals, and a sentence for each."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import streamlit as st
from markupsafe import Markup

from cnn_core.attribution import METHODS
from cnn_core.faithfulness.randomisation import NUM_CHECKED
from cnn_core.studies.faithfulness import ranking
from cnn_core.studies.faithfulness.map_tests import MapFigures
from cnn_core.studies.faithfulness.ranking import Estimate, MapRanking, MethodFigures
from dashboard import session
from dashboard.app_pages.faithfulness import charts, text
from dashboard.cache import faithfulness
from dashboard.figures import html, numbers
from dashboard.frame import pickers
from dashboard.frame.charts import show_chart
from dashboard.frame.provenance import made_by

# A visitor waits for no method longer than this for each map.
_MOST_SECONDS = 2.0


@dataclass(frozen=True)
class Quantity:
    """One figure of every method.

    Attributes:
        title: Title of the column.
        axis: Name of the quantity, with its range.
        meaning: Meaning of the number, in a sentence.
        values: Values of a method, one per picture.
        random: Value of random orders, if any.
    """

    title: str
    axis: str
    meaning: str
    values: Callable[[MethodFigures], Iterable[float | None]]
    random: Callable[[MapRanking], Iterable[float]] | None = None


QUANTITIES = {
    quantity.title: quantity
    for quantity in (
        Quantity(
            "Insertion minus deletion",
            "insertion area minus deletion area",
            "How far the insertion area lies above the deletion area: 0 is what random orders "
            "get, 1 is the most there can be. The methods are ranked by it.",
            lambda row: row.insertion_minus_deletion,
            lambda found: [0.0] * len(found.random),
        ),
        Quantity(
            "Deletion",
            "mean probability on the way to the empty picture",
            "The mean probability of the true class while pixels are taken away, those that the "
            "map ranks first going first: the lower, the better.",
            lambda row: row.deletion,
            lambda found: found.random,
        ),
        Quantity(
            "Insertion",
            "mean probability on the way to the full picture",
            "The mean probability of the true class while pixels are put onto the empty picture, "
            "those that the map ranks first coming first: the higher, the better.",
            lambda row: row.insertion,
            lambda found: found.random,
        ),
        Quantity(
            "Sanity check",
            "rank correlation with the map of an untrained network",
            "How alike the map stays when all that the network learnt is taken away: around 0 it "
            "shows the network, and from 0.8 on it fails, since it shows the picture only.",
            lambda row: row.similarity,
        ),
        Quantity(
            "Last layer",
            "rank correlation with the map of a network with an untrained last layer",
            "How alike the map stays when the last layer alone forgets, so that the classes are "
            "random ones: from 0.8 on the method fails, since its map hardly knows the class.",
            lambda row: row.last_similarity,
        ),
        Quantity(
            "Stability",
            "rank correlation with the map of a noisy copy",
            "How far the order of the pixels stays the same under noise that the eye hardly sees: "
            "1 is unchanged.",
            lambda row: row.stability,
        ),
    )
}


def show(found: MapRanking) -> None:
    """Show the verdict, one figure as a chart and all figures as a table."""
    st.markdown(verdict(found))
    chosen = QUANTITIES[
        pickers.view_picker("Figure", tuple(QUANTITIES), key="ranking_figure", parameter="figure")
    ]
    st.caption(chosen.meaning)
    estimates = {
        METHODS[row.method].title: value
        for row in found.rows
        if (value := faithfulness.estimate(tuple(chosen.values(row)))) is not None
    }
    usual = None if chosen.random is None else ranking.estimate(chosen.random(found))
    failing = [METHODS[row.method].title for row in found.rows if row.verdict == "fails"]
    show_chart(
        charts.ranking_chart(
            estimates,
            what=chosen.axis,
            level=None if usual is None else usual.mean,
            failing=failing,
        ),
        key="ranking_chart",
        alt=f"{chosen.title} of every method with its 95% interval",
    )
    st.html(table(found))
    noun = session.dataset().noun
    checked = min(NUM_CHECKED, len(found.indices))
    st.caption(text.MEANS.format(count=len(found.indices), noun=noun, checked=checked))
    if found.left_out:
        st.markdown(left_out(found))
    if found.origin is not None:
        made_by(found.origin)


def verdict(found: MapRanking) -> str:
    """Return which method is best, and whether the next method can be told from the best."""
    best = found.best()
    if best is None:
        return text.NONE_PASSES
    title = METHODS[best.method].title
    others = [row for row in found.rows if row.verdict != "fails" and row is not best]
    leads = {row: ranking.lead(best, row) for row in others}
    level = [METHODS[row.method].title for row in others if leads[row].low <= 0]
    said = text.BEST.format(title=title, count=len(found.rows))
    if others:
        ahead = leads[others[0]]
        figures = f"{numbers.signed(ahead.mean, 3)}, 95% interval {_interval(ahead, 3)}"
        if level:
            said = text.NOT_TOLD_APART.format(
                title=title, count=len(found.rows), rivals=" and ".join(level)
            )
        else:
            said += text.BEYOND_CHANCE
        rival = METHODS[others[0].method].title
        said += text.LEAD.format(rival=rival, figures=figures)
    failing = [METHODS[row.method].title for row in found.rows if row.verdict == "fails"]
    if failing:
        said += text.FAILING.format(titles=", ".join(failing))
    return f"{said}."


def table(found: MapRanking) -> str:
    """Return every figure of every method, as HTML."""
    rows = [
        (
            METHODS[row.method].title,
            row.verdict,
            *(_cell(tuple(each.values(row))) for each in QUANTITIES.values()),
            f"{1000 * row.seconds_per_map:,.0f}",
        )
        for row in found.rows
    ]
    usual = f"{sum(found.random) / len(found.random):.2f}"
    rows.append(("Random orders", "", "0", usual, usual, "", "", "", ""))
    head = ("Method", "Verdict", *QUANTITIES, "ms a map")
    return html.table(head, rows, text_columns=(1,))


def left_out(found: MapRanking) -> str:
    """Return the methods that are not ranked, by the reason."""
    by_reason: dict[str, list[str]] = {}
    for method, why in found.left_out:
        by_reason.setdefault(why, []).append(METHODS[method].title if method in METHODS else method)
    return "  \n".join(f"Left out: {', '.join(who)}. {why}" for why, who in by_reason.items())


def measure(model_name: str, count: int, seed: int) -> MapRanking:
    """Rank the methods on other pictures, with a progress bar; what was done before is kept.

    Args:
        model_name: Model name of the network.
        count: Test pictures.
        seed: Seed of their choice.

    Raises:
        MissingFileError: The network or its pictures are not there.
    """
    bar = st.progress(0.0, "Preparing networks that learnt nothing")
    indices = ranking.choose_images(model_name, count, seed=seed)
    random = [faithfulness.random_area(model_name, index) for index in indices]
    places = {method: place for place, method in enumerate(METHODS)}

    def ask(method: str, turn: int) -> MapFigures:
        done = (places[method] + turn / count) / len(places)
        bar.progress(done, f"{METHODS[method].title}: {turn + 1} of {count}")
        return faithfulness.figures(model_name, method, indices[turn], turn)

    found = ranking.measured(model_name, indices, random, ask, most_seconds=_MOST_SECONDS)
    bar.empty()
    return found


def _cell(values: tuple[float | None, ...]) -> str:
    """Return a mean with its interval below, so that all columns find room beside each other."""
    found = faithfulness.estimate(values)
    if found is None:
        return "none"
    return Markup("{}<br><small>{}</small>").format(_number(found.mean, 2), _interval(found))


def _interval(found: Estimate, digits: int = 2) -> str:
    return f"{_number(found.low, digits)} to {_number(found.high, digits)}"


def _number(value: float, digits: int) -> str:
    return numbers.signed(value, digits).lstrip("+")
