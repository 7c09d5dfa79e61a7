"""The panel beside a map: can it be believed?"""

from __future__ import annotations

import time
from dataclasses import replace
from functools import partial
from math import ceil
from typing import Any

import numpy as np
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from cnn_core import models
from cnn_core.attribution import METHODS, Attribution
from cnn_core.errors import MissingFileError, PictureError
from cnn_core.faithfulness import baseline_of
from cnn_core.faithfulness.randomisation import NUM_FRESH
from cnn_core.faithfulness.stability import NUM_COPIES
from dashboard import cache, navigation, session
from dashboard.app_pages.attention import charts, evidence_text
from dashboard.app_pages.attention.evidence_text import (
    MapTests,
    badge,
    figures_of,
    in_words,
    ordinal,
)
from dashboard.cache import faithfulness
from dashboard.cache.faithfulness import MapRequest
from dashboard.figures import html, numbers
from dashboard.figures.text import plain
from dashboard.frame import deletion_insertion, method_options
from dashboard.frame.charts import show_chart
from dashboard.session import CurrentImage

# Seconds that the other maps may take unasked.
PATIENCE = 4.0
_ASK_OTHERS = "Asking networks that forgot what they learnt for their maps"
_ADD_NOISE = "Adding noise that the eye hardly sees"


def show(found: Attribution, options: cache.Options) -> None:
    """Show the rank of the method on this network, and the tests of this very map.

    The tests take longer than the map: call it last, into a container where they belong. Between
    two of the other maps that they need, a newer click ends the run.

    Args:
        found: The map shown.
        options: Options of the method, as they are set.
    """
    model_name, image = session.model_name(), session.current_image()
    st.subheader("Can this map be believed?", anchor=False)
    st.markdown(standing(model_name, found.method.name))
    left, right = st.columns([3, 2], vertical_alignment="center")
    session.in_address("tests", "tests_wanted", session.Switch(), True)
    is_wanted = left.toggle(
        "Put this very map to the test",
        key="tests_wanted",
        persist_state="session",
        help="Deletion and insertion curves, the sanity check and the stability of this map",
    )
    right.page_link(
        navigation.path_of("faithfulness"),
        label=evidence_text.ALL_METHODS,
        icon=":material/leaderboard:",
    )
    if not is_wanted:
        return
    try:
        baseline_of(image.pixels, background=image.background)
    except PictureError as error:
        st.caption(str(error))
        return
    if np.ptp(found.heatmap) == 0:
        st.caption(evidence_text.CONSTANT_MAP)
        return
    score = found.score
    asked = MapRequest(found.method.name, score.target, score.against, found.layer, options)
    with st.container(key="evidence"):
        _show_tests(model_name, image, asked)
        _show_cascade(model_name, image, asked)


def standing(model_name: str, method: str) -> str:
    """Return how a method ranks on the test pictures of a network, in a sentence or two."""
    noun = session.dataset().noun
    try:
        found = faithfulness.shipped(model_name)
    except MissingFileError:
        return evidence_text.NOT_RANKED.format(noun=noun)
    row = found.row(method)
    if row is None:
        why = dict(found.left_out).get(method, "It was added after the ranking was made.")
        return f"{METHODS[method].title} is not in the ranking of this network: {why}"
    mean, steady = row.insertion_minus_deletion.mean(), faithfulness.estimate(row.stability)
    place = [each.method for each in found.rows].index(method) + 1
    return (
        f"On {len(found.indices)} test {noun}s, {METHODS[method].title} comes "
        f"**{ordinal(place)} of {len(found.rows)}** methods by deletion and insertion "
        f"(insertion minus deletion {numbers.signed(mean)}; random orders get 0). "
        f"Sanity check: {badge(row.verdict)} "
        + ("" if steady is None else f"Stability: **{steady.mean:.2f}** of 1.")
    )


def _show_tests(model_name: str, image: CurrentImage, asked: MapRequest) -> None:
    """Show the curves as soon as they are there, and then what other maps say of this map."""
    words = st.container(key="evidence_words").empty()
    curves = st.container()
    figures = st.container(key="evidence_figures").empty()
    offer = st.container()
    best = faithfulness.best_other(model_name, asked.method)
    rival = METHODS[best or faithfulness.usual_other(asked.method)]
    other = MapRequest(
        rival.name, asked.target, asked.against, None, method_options.default_options(rival)
    )
    names = models.get(model_name).class_names
    target = names[asked.target]
    what, score = evidence_text.PROBABILITY.format(target=target), "logit"
    if asked.against is not None:
        against = names[asked.against]
        what = evidence_text.PROBABILITY_AGAINST.format(target=target, against=against)
        score = "margin"
    title, called = METHODS[asked.method].title, rival.title
    if best is not None:
        called += evidence_text.BEST_OTHER
    words.html(html.loading("Deleting and inserting the pixels"))
    test = faithfulness.deletion_insertion(model_name, image.pixels, (asked, other))
    with curves:
        deletion_insertion.show_curves(
            test, (title, called), what=what, score=score, key="evidence_curves"
        )
    figures.html(html.facts(figures_of(test, what, MapTests())))
    found = _other_maps(model_name, image, asked, words, offer)
    figures.html(html.facts(figures_of(test, what, found)))
    said = in_words(test, title, rival.title)
    if found.verdict is not None:
        said += f" Sanity check of this map: {badge(found.verdict)}"
    words.markdown(said)


def _other_maps(
    model_name: str,
    image: CurrentImage,
    asked: MapRequest,
    words: DeltaGenerator,
    offer: DeltaGenerator,
) -> MapTests:
    """Compare the map with those of NUM_FRESH + 1 fresh networks and NUM_COPIES noisy copies.

    Where they take longer than PATIENCE the rest is left out, and offered.
    """
    untrained = [partial(faithfulness.similarity, turn=i) for i in range(NUM_FRESH)]
    last_layer = partial(faithfulness.similarity, turn=NUM_FRESH)
    noisy = [partial(faithfulness.steadiness, turn=i) for i in range(NUM_COPIES)]
    steps = [
        *(("untrained", _ASK_OTHERS, step) for step in untrained),
        ("last_layer", _ASK_OTHERS, last_layer),
        *(("noisy", _ADD_NOISE, step) for step in noisy),
    ]
    question = _question(model_name, image, asked)
    begun, slowest = time.monotonic(), 0.0
    found, done = MapTests(), 0
    for kind, doing, step in steps:
        started = time.monotonic()
        if started - begun > PATIENCE and session.get("tested_to_the_end") != question:
            break
        words.html(html.loading(doing))  # here a newer click comes in
        value = step(model_name, image.pixels, asked)
        found = replace(found, **{kind: (*getattr(found, kind), value)})
        done += 1
        slowest = max(slowest, time.monotonic() - started)
    left = len(steps) - done
    if left:
        with offer.container(horizontal=True, vertical_alignment="center"):
            st.button(
                "Test it to the end",
                key="test_to_the_end",
                icon=":material/play_arrow:",
                on_click=session.put,
                args=("tested_to_the_end", question),
            )
            st.caption(evidence_text.LEFT_OUT.format(count=left, seconds=ceil(left * slowest)))
    return found


def _question(model_name: str, image: CurrentImage, asked: MapRequest) -> tuple[Any, ...]:
    """Return what tells a map from others."""
    settings = (
        value.tobytes() if isinstance(value, np.ndarray) else value for _, value in asked.options
    )
    pictures = (image.pixels.tobytes(), *settings)
    return model_name, asked.method, asked.target, asked.against, asked.layer, pictures


def _show_cascade(model_name: str, image: CurrentImage, asked: MapRequest) -> None:
    """Show the sanity check layer by layer, once a visitor asked for it."""
    question = _question(model_name, image, asked)
    if st.button(
        "Sanity check layer by layer", key="test_each_layer", icon=":material/layers_clear:"
    ):
        session.put("cascade", question)
    if session.get("cascade") != question:
        return
    layers = faithfulness.stages(model_name)
    bar = st.progress(0.0)
    found = {}
    for i, layer in enumerate(layers):
        bar.progress(i / len(layers), f"Fresh weights from {plain(layer)} on")
        found[layer] = faithfulness.stage(model_name, image.pixels, asked, layer)
    bar.empty()
    show_chart(
        charts.cascade(found),
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
