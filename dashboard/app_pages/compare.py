"""Compare: two networks, one picture, and the test pictures on which the two disagree."""

from contextlib import suppress
from html import escape

import numpy as np
import streamlit as st

from cnn_core import evaluation, models
from cnn_core.attribution import METHODS
from cnn_core.errors import MissingFileError
from dashboard import cache, colours, comparison, components, markup, runtime, state
from dashboard.state import CurrentDigit
from dashboard.tiles import tiles

MAX_TILES, MAX_MAPS = 60, 12


def show_answer(name: str, digit: CurrentDigit | None) -> None:
    """What one network says; without the test set's pictures, to the test picture chosen."""
    if digit is None or (digit.index is not None and not digit.is_edited):
        answer = cache.shipped_prediction(name, state.digit_index())
    elif runtime.is_ready():
        answer = cache.prediction(name, digit.pixels)
    else:
        components.loading()
        return
    top, next_one = (names[i] for i in np.argsort(-answer.logits[0], kind="stable")[:2])
    margin = f"{markup.signed(float(answer.margins[0]), 1)} logits over {next_one}"
    label = labels[state.digit_index()] if digit is None else digit.label
    st.html(
        f'<div class="cl-said cl-versus">Answer <b>{escape(top)}</b>'
        f"<span>{escape(margin)}</span></div>"
        + markup.probability_bars(names, answer.probabilities[0], marked=label)
    )


def show_gallery(indices: np.ndarray) -> None:
    """Test pictures to click, each with both answers."""
    shown = indices[:MAX_TILES].tolist()
    said = [[names[each.logits[i].argmax()] for each in answers] for i in shown]
    components.picture_gallery(
        shown,
        [f"1st: {one}\n2nd: {two}" for one, two in said],
        [
            f"Test {noun} {i}, true class {names[labels[i]]}: "
            f"{titles[first]} says {one}, {titles[second]} says {two}"
            for i, (one, two) in zip(shown, said, strict=True)
        ],
        key="disagreements",
    )
    if not shown:
        st.info(f"There is no such test {noun}.")
        return
    part = f"{len(shown)} of {len(indices):,}" if len(shown) < len(indices) else f"All {len(shown)}"
    st.caption(f"{part}, the surest answers first. Click one to compare the networks on it.")


def show_heatmaps(digit: CurrentDigit) -> None:
    """What both answers rest on by one method, on one scale, and the difference."""
    has_convolutions = all(cache.layer_names(name)[0] for name in pair)
    methods = [key for key, row in METHODS.items() if has_convolutions or not row.needs_conv_layer]
    one, two, _ = st.columns(3)
    chosen = one.selectbox(
        "Method",
        methods,
        index=methods.index("integrated_gradients"),
        format_func=lambda key: METHODS[key].title,
        key="compared_method",
        persist_state="session",
    )
    answer = int(cache.prediction(first, digit.pixels).classes[0])
    with two:
        wanted = components.class_picker(
            "Evidence for",
            key="compared_class",
            none_label=f"{names[answer]}, the answer of the first",
        )
    method, target = METHODS[chosen], answer if wanted is None else wanted
    options = components.default_options(method)
    with st.spinner("Computing the maps"):
        maps = [
            cache.explanation(name, digit.pixels, chosen, target, options=options).heatmap
            for name in pair
        ]
    if not any(each.any() for each in maps):
        st.info(f"Neither network finds any evidence in this {noun}: the maps are 0 everywhere.")
        return
    heads = [titles[name] for name in pair]
    how = f"The brighter, the more the place matters for {names[target]}."
    if method.is_signed:
        maps.append(maps[0] - maps[1])
        heads.append("First minus second")
        how = f"Red speaks for {names[target]}, blue against it."
    st.html(
        markup.heatmaps_on_one_scale(
            maps, digit.pixels, titles=heads, is_signed=method.is_signed, unit=method.unit
        )
    )
    st.caption(
        f"{how} A network with larger logits has stronger colours everywhere, so compare places."
        + ("" if has_convolutions else " Methods that need a convolution are left out.")
    )


def show_feature_maps(name: str, digit: CurrentDigit) -> None:
    """The strongest feature maps of one network."""
    convolutions, spatial = cache.layer_names(name)
    st.markdown(f"**{titles[name]}**")
    if not convolutions:
        st.info("This network has no convolution, so there are no feature maps.")
        return
    layer = components.layer_picker(spatial, default=convolutions[0], key=f"layer_of_{name}")
    maps = np.moveaxis(cache.feature_maps(name, digit.pixels)[layer], -1, 0)
    channels = np.argsort(-np.abs(maps).mean(axis=(1, 2)), kind="stable")[:MAX_MAPS]
    is_signed, limit = bool((maps < 0).any()), colours.limit_of(maps)
    tiles(
        colours.colourise(maps[channels], is_signed=is_signed, limit=limit),
        [str(channel) for channel in channels],
        key=f"strongest_of_{name}",
        size=82,
        descriptions=[f"{titles[name]}, {layer}, channel {channel}" for channel in channels],
        is_clickable=False,
    )
    st.html(markup.scale_of(limit, is_signed=is_signed, unit="activation"))
    size = "×".join(str(length) for length in maps.shape[1:])
    st.caption(f"The {len(channels)} strongest of {len(maps)} maps of {size}, by channel.")


components.intro(
    "Compare",
    "Two networks look at the same picture: what do they answer, and what do their answers rest "
    "on? The test pictures on which they disagree tell whether one is better or only luckier.",
)
first = state.model_name()
spec = models.get(first)
names, noun = spec.class_names, state.dataset().noun
rivals = comparison.rivals(first)
if not rivals:
    st.info(
        f"{spec.title} is the only trained network for {state.dataset().title}: "
        "choose another model in the sidebar."
    )
    components.next_page("app_pages/models.py", "All models")
    st.stop()

picture, left, right = st.columns([3, 5, 5], gap="medium")
left.html(markup.labelled("First network, from the sidebar", spec.title))
second = right.selectbox(
    "Second network",
    rivals,
    format_func=lambda name: models.get(name).title,
    key=f"rival_of_{first}",
    persist_state="session",
)
pair = (first, second)
titles = {name: models.get(name).title for name in pair}
answers = [cache.test_answers(name) for name in pair]
labels = answers[0].labels
digit: CurrentDigit | None = None
with suppress(MissingFileError):  # the gallery says what is missing; the rest needs no pictures
    digit = state.current_digit()
    width = components.crisp_width(168)
    picture.html(markup.figure(colours.as_picture(digit.pixels), digit.name, width=width))
    components.note_blank(digit)
for column, name in zip((left, right), pair, strict=True):
    with column, components.readable_errors():
        show_answer(name, digit)

st.subheader("Where they disagree", anchor=False)
counts = evaluation.mcnemar(answers[0].logits, answers[1].logits, labels)
st.html(
    markup.facts(
        (
            (f"{counts.both_right:,}", "both right"),
            (f"{counts.only_first:,}", "only the first right"),
            (f"{counts.only_second:,}", "only the second right"),
            (f"{counts.both_wrong:,}", "both wrong"),
        )
    )
)
st.markdown(comparison.verdict(counts, titles[first], titles[second]))
sign = "=" if counts.p_value >= 1e-4 else "<"
st.caption(
    f"McNemar's exact test on the {counts.only_first + counts.only_second:,} of {len(labels):,} "
    f"test {noun}s that only one network gets right: p {sign} {max(counts.p_value, 1e-4):.2g}."
)
groups = comparison.disagreements(*answers)
chosen = components.view_picker("Show", tuple(groups), key="disagreement")
with components.readable_errors():
    show_gallery(groups[chosen])

if digit is not None:
    components.require_network()
    st.subheader("What the answers rest on", anchor=False)
    show_heatmaps(digit)
    st.subheader("What the layers see", anchor=False)
    for column, name in zip(st.columns(2, gap="medium"), pair, strict=True):
        with column:
            show_feature_maps(name, digit)
components.next_page("app_pages/evaluation.py", "Next: how right a network is, in figures")
