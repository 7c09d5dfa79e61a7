"""What a neuron is for: its weight towards each class, and the network without it."""

from __future__ import annotations

import numpy as np
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from cnn_core import datasets, models
from cnn_core.evaluation import McNemar
from cnn_core.inference import softmax
from dashboard import cache
from dashboard.app_pages.neuron import cached, charts, text
from dashboard.app_pages.neuron.views import ChosenNeuron
from dashboard.figures import html, numbers
from dashboard.figures.text import plain
from dashboard.frame import job_progress, pickers
from dashboard.frame.charts import show_chart
from dashboard.session import CurrentImage


def show_effects(neuron: ChosenNeuron) -> None:
    """Show the fall of each class without the neuron."""
    names, effects = neuron.class_names, cached.class_effects(*neuron.arguments)
    count = len(cached.effect_sample(neuron.model))
    if not effects.any():
        st.info(f"Switching it off changes no logit of {count} test pictures.")
        return
    show_chart(
        charts.by_class(effects, names, title="fall of the logit", unit="logits"),
        alt="What each logit loses without the neuron",
    )
    most = int(np.abs(effects).argmax())
    side = "for" if effects[most] > 0 else "against"
    st.caption(
        f"What each logit loses when it is switched off, on average over {count} test pictures. "
        f"Red speaks for a class, blue against it: most of all it speaks {side} "
        f"**{plain(names[most])}**."
    )


def places(neuron: ChosenNeuron) -> tuple[DeltaGenerator, DeltaGenerator]:
    """Make a heading, and the places of the measured effects and the exact weights."""
    if cached.direct_weights(*neuron.arguments) is None:
        st.subheader(text.PULL, anchor=False)
        return st.container(), st.container()
    st.subheader(text.WEIGHT_TOWARDS, anchor=False)
    effects, weights = st.columns(2, gap="large")
    return effects, weights


def show_direct(neuron: ChosenNeuron) -> None:
    """Its exact weight towards each class, where there is one."""
    direct = cached.direct_weights(*neuron.arguments)
    if direct is None:
        st.caption(
            text.CLASS_ITSELF
            if neuron.layer == list(cached.layers(neuron.model))[-1]
            else text.NO_SINGLE_WEIGHT
        )
        return
    show_chart(
        charts.by_class(direct, neuron.class_names, title="weight", unit="logits per activation"),
        alt="The exact weight towards each class",
    )
    st.caption(text.EXACT_WEIGHTS.format(where=" at all places of its map" * neuron.is_map))


def show_ablation(neuron: ChosenNeuron, image: CurrentImage) -> None:
    """Show the prediction without the neuron, here at once, on the test set on demand."""
    st.subheader(text.SWITCHED_OFF, anchor=False)
    to = pickers.view_picker("Held at", (text.OFF, text.MEAN), key="neuron_level", parameter="held")
    mean = float(cached.mean_activations(neuron.model, neuron.layer)[neuron.channel])
    level = 0.0 if to == text.OFF else round(mean, 4)
    before = cache.prediction(neuron.model, image.pixels)
    logits = cached.ablated_logits(*neuron.arguments, image.pixels, level)
    names = neuron.class_names
    left, right = st.columns(2, gap="large")
    with left:
        st.html(
            html.label(
                f"{image.name} with the neuron held at {level:.2f}. Thin and grey: the answer with "
                "the neuron as it is."
            )
            + html.probability_bars(
                names, softmax(logits), before.probabilities[0], marked=image.label
            )
        )
        was, now = int(before.classes[0]), int(logits.argmax())
        moved = logits - before.logits[0]
        most = int(np.abs(moved).argmax())
        said = (
            f"The answer stays {plain(names[now])}"
            if was == now
            else (f"**The answer changes from {plain(names[was])} to {plain(names[now])}**")
        )
        st.caption(
            f"{said}; the logit that moves most is that of {plain(names[most])}, by "
            f"{numbers.signed(float(moved[most]))}."
        )
    with right:
        _show_accuracy(neuron, level)


def _show_accuracy(neuron: ChosenNeuron, level: float) -> None:
    dataset = datasets.get(models.get(neuron.model).dataset)
    size = len(cache.test_answers(neuron.model).labels)
    counts: McNemar | None = job_progress.result_of(
        cached.accuracy_job(*neuron.arguments, level),
        offer=text.TEST_WITHOUT,
        cost=f"All {size:,} test {dataset.noun}s: some seconds.",
        title=f"Answering {size:,} test {dataset.noun}s without it",
    )
    if counts is None:
        return
    before = counts.both_right + counts.only_first
    after = counts.both_right + counts.only_second
    st.html(
        html.facts(
            (
                (numbers.percent(after / size, 2), f"of the test {dataset.noun}s right without it"),
                (numbers.percent(before / size, 2), "right with it"),
                (f"{counts.only_first:,}", "lost"),
                (f"{counts.only_second:,}", "gained"),
            )
        )
    )
    if counts.only_first == counts.only_second:
        said = "The network is right exactly as often without it."
    elif counts.is_significant:
        said = "That is more than chance: the network " + (
            "needs it." if after < before else "is better without it."
        )
    else:
        said = "That may be chance: on the whole the other neurons make up for it."
    st.caption(
        f"{said} (A difference at least as uneven would come up in "
        f"{numbers.percent(counts.p_value)} of test sets if it made none.)"
    )
