"""The compare page: two networks on one picture, and where they part on the test set."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import streamlit as st
from markupsafe import Markup

from cnn_core import evaluation, models
from cnn_core.attribution import METHODS
from cnn_core.models import ShippedAnswers
from dashboard import cache, session, tensorflow_loader
from dashboard.app_pages.compare import text, verdict
from dashboard.figures import colours, html, numbers
from dashboard.figures.text import plain
from dashboard.frame import loading, method_options, pickers, picture_gallery
from dashboard.session import CurrentImage
from dashboard.widgets.tiles import tiles

MAX_TILES, MAX_MAPS = 60, 12

FIRST_METHOD = "integrated_gradients"


@dataclass(frozen=True)
class NetworkPair:
    """Two networks of one data set, and what they say to its test set.

    Attributes:
        networks: Their names.
        answers: Shipped answers of both networks to all test pictures.
    """

    networks: tuple[str, str]
    answers: tuple[ShippedAnswers, ShippedAnswers]

    @property
    def titles(self) -> tuple[str, str]:
        """Titles of the two networks."""
        first, second = self.networks
        return models.get(first).title, models.get(second).title

    @property
    def class_names(self) -> tuple[str, ...]:
        """Of their data set."""
        return models.get(self.networks[0]).class_names

    @property
    def labels(self) -> np.ndarray:
        """(n,) int64, the true classes of the test pictures."""
        return self.answers[0].labels


def pair_of(first: str, second: str) -> NetworkPair:
    """Two networks, by their names, with the answers shipped for them."""
    return NetworkPair((first, second), (cache.test_answers(first), cache.test_answers(second)))


def show_answer(pair: NetworkPair, model_name: str, image: CurrentImage | None) -> None:
    """Show the prediction of one network; without pictures, the shipped one."""
    names = pair.class_names
    if image is None or (image.index is not None and not image.is_edited):
        answer = cache.shipped_prediction(model_name, session.image_index())
    elif tensorflow_loader.is_ready():
        answer = cache.prediction(model_name, image.pixels)
    else:
        loading.show_loading()
        return
    top, next_one = (names[i] for i in answer.top2)
    margin = f"{numbers.signed(float(answer.margins[0]), 1)} logits over {next_one}"
    label = pair.labels[session.image_index()] if image is None else image.label
    st.html(
        html.said(Markup("Answer <b>{}</b>").format(top), margin, kind="cl-versus")
        + html.probability_bars(names, answer.probabilities[0], marked=label)
    )


def show_counts(pair: NetworkPair) -> None:
    """Show how often each network is right, and whether the difference is real."""
    counts = evaluation.mcnemar(pair.answers[0].logits, pair.answers[1].logits, pair.labels)
    st.html(
        html.facts(
            (
                (f"{counts.both_right:,}", "both right"),
                (f"{counts.only_first:,}", "only the first right"),
                (f"{counts.only_second:,}", "only the second right"),
                (f"{counts.both_wrong:,}", "both wrong"),
            )
        )
    )
    st.markdown(verdict.verdict(counts, *map(plain, pair.titles)))
    differ = counts.only_first + counts.only_second
    sign = "=" if counts.p_value >= 1e-4 else "<"
    st.caption(
        text.COUNTED.format(
            differ=differ,
            total=len(pair.labels),
            noun=session.dataset().noun,
            sign=sign,
            p_value=max(counts.p_value, 1e-4),
        )
    )


def show_gallery(pair: NetworkPair, indices: np.ndarray) -> None:
    """Test pictures to click, each with both answers."""
    names, noun, (first, second) = pair.class_names, session.dataset().noun, pair.titles
    shown = indices[:MAX_TILES].tolist()
    said = [[names[each.logits[i].argmax()] for each in pair.answers] for i in shown]
    picture_gallery.picture_gallery(
        shown,
        [f"1st: {one}\n2nd: {two}" for one, two in said],
        [
            f"{session.image_name(noun, i)}, true class {names[pair.labels[i]]}: "
            f"{first} says {one}, {second} says {two}"
            for i, (one, two) in zip(shown, said, strict=True)
        ],
        key="disagreements",
    )
    if not shown:
        st.info(f"There is no such test {noun}.")
        return
    part = f"{len(shown)} of {len(indices):,}" if len(shown) < len(indices) else f"All {len(shown)}"
    st.caption(f"{part}, the surest answers first. Click one to compare the networks on it.")


def show_heatmaps(pair: NetworkPair, image: CurrentImage) -> None:
    """Show the maps of both predictions by one method, on one scale, and their difference."""
    names = pair.class_names
    has_convolutions = all(cache.layer_names(name)[0] for name in pair.networks)
    methods = [key for key, row in METHODS.items() if has_convolutions or not row.needs_conv_layer]
    one, two, _ = st.columns(3)
    session.in_address("method", "compared_method", session.Choice(methods), FIRST_METHOD)
    chosen = one.selectbox(
        "Method",
        methods,
        format_func=lambda key: METHODS[key].title,
        key="compared_method",
        persist_state="session",
    )
    answer = int(cache.prediction(pair.networks[0], image.pixels).classes[0])
    with two:
        wanted = pickers.class_picker(
            "Evidence for",
            key="compared_class",
            parameter="target",
            none_label=f"{names[answer]}, the answer of the first",
        )
    method, target = METHODS[chosen], answer if wanted is None else wanted
    options = method_options.default_options(method)
    with st.spinner("Computing the maps"):
        maps = [
            cache.explanation(name, image.pixels, chosen, target, options=options).heatmap
            for name in pair.networks
        ]
    if not any(each.any() for each in maps):
        st.info(text.NO_EVIDENCE.format(noun=image.noun))
        return
    heads = list(pair.titles)
    how = f"The brighter, the more the place matters for {plain(names[target])}."
    if method.is_signed:
        maps.append(maps[0] - maps[1])
        heads.append(text.FIRST_MINUS_SECOND)
        how = colours.RED_AND_BLUE.format(name=plain(names[target]))
    st.html(
        html.heatmaps_on_one_scale(
            maps,
            image.pixels,
            background=image.background,
            titles=heads,
            is_signed=method.is_signed,
            unit=method.unit,
        )
    )
    st.caption(
        f"{how} A network with larger logits has stronger colours everywhere, so compare places."
        + ("" if has_convolutions else f" {text.LEFT_OUT}")
    )


def show_feature_maps(model_name: str, image: CurrentImage, parameter: str) -> None:
    """Show the strongest feature maps of one network.

    Args:
        model_name: Network of the maps.
        image: Picture that the network looks at.
        parameter: Name of the layer in the address.
    """
    title = models.get(model_name).title
    convolutions, spatial = cache.layer_names(model_name)
    st.markdown(f"**{plain(title)}**")
    if not convolutions:
        st.info(text.NO_CONVOLUTION)
        return
    layer = pickers.layer_picker(
        spatial, default=convolutions[0], key=f"layer_of_{model_name}", parameter=parameter
    )
    maps = np.moveaxis(cache.feature_maps(model_name, image.pixels)[layer], -1, 0)
    channels = np.argsort(-np.abs(maps).mean(axis=(1, 2)), kind="stable")[:MAX_MAPS]
    is_signed, limit = bool((maps < 0).any()), colours.limit_of(maps)
    tiles(
        colours.colourise(maps[channels], is_signed=is_signed, limit=limit),
        [str(channel) for channel in channels],
        key=f"strongest_of_{model_name}",
        size=82,
        descriptions=[f"{title}, {layer}, channel {channel}" for channel in channels],
        is_clickable=False,
    )
    st.html(html.scale_of(limit, is_signed=is_signed, unit="activation"))
    size = "×".join(str(length) for length in maps.shape[1:])
    st.caption(f"The {len(channels)} strongest of {len(maps)} maps of {size}, by channel.")
