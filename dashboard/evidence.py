"""The panel beside a map: can it be believed? What each figure means stands below it."""

from __future__ import annotations

import numpy as np
import streamlit as st

from cnn_core import models
from cnn_core.attribution import METHODS, Attribution
from cnn_core.errors import MissingFileError, PictureError
from cnn_core.faithfulness import ErasureTest, Verdict, ground_of, verdict
from cnn_core.faithfulness.erasure import NUM_ORDERS
from dashboard import cache, charts, components, evidence_charts, markup, state
from dashboard.cache import faithfulness
from dashboard.cache.faithfulness import Asked
from dashboard.state import CurrentDigit

VERDICTS: dict[Verdict, str] = {
    "passes": "passes: the map changes when what the network learnt is taken away",
    "doubtful": "doubtful: much of the map stays when what the network learnt is taken away",
    "fails": "fails: the map hardly changes when what the network learnt, or its last layer alone, "
    "is taken away, so it shows the picture more than the network",
    "nothing to compare": "no map to compare: one of the two is the same everywhere",
}
BADGES: dict[Verdict, tuple[str, str]] = {
    "passes": ("green", "check_circle"),
    "doubtful": ("orange", "help"),
    "fails": ("red", "cancel"),
    "nothing to compare": ("gray", "do_not_disturb_on"),
}


def show(found: Attribution, options: cache.Options) -> None:
    """What is known of the method on this network and, on demand, the tests of this very map.

    Args:
        found: the map shown.
        options: of the method, as they are set.
    """
    name, digit = state.model_name(), state.current_digit()
    st.subheader("Can this map be believed?", anchor=False)
    st.markdown(standing(name, found.method.name))
    left, right = st.columns([3, 2], vertical_alignment="center")
    is_wanted = left.toggle(
        "Put this very map to the test",
        key="tests_wanted",
        persist_state="session",
        help="Deletion and insertion curves, the sanity check and the stability of this map",
    )
    right.page_link(
        "app_pages/faithfulness.py", label="All methods compared", icon=":material/leaderboard:"
    )
    if not is_wanted:
        return
    try:
        ground_of(digit.pixels)
    except PictureError as error:
        st.info(str(error))
        return
    if np.ptp(found.heatmap) == 0:
        st.info(
            "The map is the same everywhere: it ranks no pixel before another, so there is "
            "nothing to test. Choose another layer, class or method."
        )
        return
    score = found.score
    asked = Asked(found.method.name, score.target, score.against, found.layer, options)
    with st.spinner("Putting the map to the test"):
        _show_tests(name, digit, asked)
    _show_cascade(name, digit, asked)


def standing(name: str, method: str) -> str:
    """How a method does on the test pictures of a network, in a sentence or two."""
    noun = state.dataset().noun
    try:
        found = faithfulness.shipped(name)
    except MissingFileError:
        return f"The methods have not been ranked on this network yet; test this {noun}'s map here."
    row = found.row(method)
    if row is None:
        why = dict(found.left_out).get(method, "It was added after the ranking was made.")
        return f"{METHODS[method].title} is not in the ranking of this network: {why}"
    gap, steady = faithfulness.estimate(tuple(row.gaps)), faithfulness.estimate(row.stability)
    place = [each.method for each in found.rows].index(method) + 1
    return (
        f"On {len(found.indices)} test {noun}s, {METHODS[method].title} comes "
        f"**{ordinal(place)} of {len(found.rows)}** methods by deletion and insertion "
        + ("" if gap is None else f"(gap {markup.signed(gap.mean)}; random orders get 0). ")
        + f"Sanity check: {badge(row.verdict)} "
        + ("" if steady is None else f"Stability: **{steady.mean:.2f}** of 1.")
    )


def badge(found: Verdict) -> str:
    """A verdict of the sanity check as a coloured mark, in Markdown."""
    colour, icon = BADGES[found]
    return f":{colour}-badge[:material/{icon}: {found}]"


def ordinal(place: int) -> str:
    """1st, 2nd, 3rd, 4th."""
    kind = {1: "st", 2: "nd", 3: "rd"}.get(place % 10, "th")
    return f"{place}{'th' if 10 <= place % 100 <= 20 else kind}"


def rival_of(name: str, method: str) -> str:
    """The best other method: by the shipped ranking, or the one that usually is."""
    try:
        best = faithfulness.shipped(name).best(other_than=method)
    except MissingFileError:
        best = None
    if best is not None:
        return best.method
    return "integrated_gradients" if method != "integrated_gradients" else "occlusion"


def _show_tests(name: str, digit: CurrentDigit, asked: Asked) -> None:
    rival = METHODS[rival_of(name, asked.method)]
    other = Asked(rival.name, asked.target, asked.against, None, components.default_options(rival))
    test = faithfulness.erasure(name, digit.pixels, (asked, other))
    names = models.get(name).class_names
    what = f"probability of {names[asked.target]}"
    if asked.against is not None:
        what += f" against {names[asked.against]}"
    title = METHODS[asked.method].title
    with st.container(key="wide_evidence"):
        st.plotly_chart(
            evidence_charts.erasure(
                test, (title, f"{rival.title}, best other on average"), what=what
            ),
            config=charts.CONFIG,
            key="evidence_curves",
            alt=f"Deletion and insertion curves of {title} and {rival.title}",
        )
    alike, without_last = faithfulness.similarities(name, digit.pixels, asked)
    steady = faithfulness.stability(name, digit.pixels, asked)
    said = in_words(test, title, rival.title)
    st.markdown(f"{said} Sanity check of this map: {badge(verdict(alike, without_last))}")
    random = test.random_deletion.areas
    usual = (
        f"Random orders: {markup.percent(random.mean())} "
        f"({markup.percent(random.min())} to {markup.percent(random.max())})."
    )
    st.html(
        markup.facts(
            (
                (
                    markup.percent(test.deletion.areas[0]),
                    f"Deletion area: the mean {what} while the pixels that the map ranks first go "
                    f"first; the lower, the better. {usual}",
                ),
                (
                    markup.percent(test.insertion.areas[0]),
                    "Insertion area: the mean probability while these pixels come first onto the "
                    f"empty picture; the higher, the better. {usual}",
                ),
                (
                    "none" if alike is None else markup.signed(alike),
                    f"Sanity check {VERDICTS[verdict(alike, without_last)]}. It is the rank "
                    "correlation with the map of untrained networks: 0 is no likeness, 1 the same"
                    + (
                        "."
                        if without_last is None
                        else f" ({markup.signed(without_last)} if only "
                        "the last layer is untrained)."
                    ),
                ),
                (
                    "none" if steady is None else markup.signed(steady),
                    "Stability: how far the order of the pixels stays the same under noise that "
                    "the eye hardly sees; 1 is unchanged.",
                ),
            )
        )
    )


def in_words(test: ErasureTest, title: str, rival: str) -> str:
    """Whether a map beats chance, and whether it beats the best other method.

    Args:
        test: of the map and of the other one.
        title: of the map's method.
        rival: the other method's title.
    """
    beaten = int((test.deletion.areas[0] < test.random_deletion.areas).sum())
    beaten_too = int((test.insertion.areas[0] > test.random_insertion.areas).sum())
    gaps = test.insertion.areas - test.deletion.areas
    if min(beaten, beaten_too) == NUM_ORDERS:
        chance = f"{title} beats all {NUM_ORDERS} random orders in both tests"
    elif max(beaten, beaten_too) <= NUM_ORDERS // 2:
        chance = f"{title} is no better than chance here"
    else:
        chance = (
            f"{title} beats {beaten} of {NUM_ORDERS} random orders by deletion and "
            f"{beaten_too} by insertion"
        )
    than = "better than" if gaps[0] > gaps[1] else "not as good as"
    if abs(gaps[0] - gaps[1]) < 0.01:
        than = "as good as"
    return (
        f"**{chance}**, and is {than} {rival} "
        f"(insertion less deletion area: {markup.signed(gaps[0])} and {markup.signed(gaps[1])})."
    )


def _show_cascade(name: str, digit: CurrentDigit, asked: Asked) -> None:
    """The sanity check layer by layer, once it was asked for."""
    settings = (
        value.tobytes() if isinstance(value, np.ndarray) else value for _, value in asked.options
    )
    pictures = (digit.pixels.tobytes(), *settings)
    question = (name, asked.method, asked.target, asked.against, asked.layer, pictures)
    if st.button("Sanity check layer by layer", icon=":material/layers_clear:"):
        state.put("cascade", question)
    if state.get("cascade") != question:
        return
    layers = faithfulness.stages(name)
    bar = st.progress(0.0)
    found = {}
    for i, layer in enumerate(layers):
        bar.progress(i / len(layers), f"Fresh weights from {layer} on")
        found[layer] = faithfulness.stage(name, digit.pixels, asked, layer)
    bar.empty()
    st.plotly_chart(
        evidence_charts.cascade(found),
        config=charts.CONFIG,
        key="evidence_cascade",
        alt="Similarity of the map while layer after layer forgets what it learnt",
    )
    st.caption(
        "From left to right one layer after another gets fresh weights, the last one first. A map "
        "that shows what the network learnt falls below the lower line (passes); one that stays "
        "above the upper line (fails) shows the picture."
        + (
            " Where a point is missing, a map is the same everywhere."
            if None in found.values()
            else ""
        )
    )
