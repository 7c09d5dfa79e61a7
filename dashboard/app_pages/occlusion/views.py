"""The controls of the Occlusion page, the map that follows them and the winning classes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import streamlit as st

from cnn_core.attribution import METHODS, Option
from cnn_core.attribution.occlusion import UNITS, OcclusionMap
from cnn_core.attribution.score import ClassScore
from dashboard import cache, session
from dashboard.app_pages.occlusion import charts
from dashboard.figures import colours, html, numbers, pictures
from dashboard.figures.text import plain
from dashboard.frame import method_options, page_parts, pickers
from dashboard.frame.charts import show_chart
from dashboard.session import CurrentImage
from dashboard.widgets.linked_map import Answers, ColouredMap, Windows, linked_map
from dashboard.widgets.live_slider import SliderState, acknowledge, live_slider

LOGIT, MARGIN, PROBABILITY = "Logit", "Margin", "Probability"
MAP_TITLE = "Fall of the {quantity} for {what}"
OVER = "{name} over {rival}"
FLIPS = (
    "Covering one place changes the answer {answer} at **{share}** of {positions:,} positions. "
    "There the answer is {others}."
)
NO_FLIPS = (
    "No position of the patch changes the answer {answer}. Try a larger patch or another fill."
)


@dataclass(frozen=True)
class Question:
    """Picture that is covered, and the network's prediction for it.

    Attributes:
        model_name: Network that is asked.
        image: Current picture.
        names: Names of the classes.
        prediction: Class with the largest logit.
        runner_up: Class with the second largest logit.
    """

    model_name: str
    image: CurrentImage
    names: Sequence[str]
    prediction: int
    runner_up: int


def slider(option: Option, image: CurrentImage) -> SliderState[int]:
    """Show a slider that follows the hand; each size of pictures keeps its own value."""
    key = f"{option.name}_{image.pixels.shape[0]}"
    values = session.Number(option.minimum, option.maximum)
    session.in_address(option.name, f"{key}_kept", values, int(option.default))
    slid = live_slider(
        option.title,
        minimum=int(option.minimum),
        maximum=int(option.maximum),
        value=session.get(f"{key}_kept", int(option.default)),
        step=int(option.step),
        key=key,
        help=option.help,
    )
    session.put(f"{key}_kept", slid.value)
    return slid


@st.fragment
@page_parts.readable_errors()  # the fragment's own runs do not come through Home.py
def laboratory(question: Question) -> None:
    """Show the controls and the map; the rest of the page does not run while a slider moves."""
    options = {option.name: option for option in method_options.options_of(METHODS["occlusion"])}
    one, two, three, four, five = st.columns([2, 2, 2, 4, 3])
    with one:
        patch = slider(options["patch_size"], question.image)
    with two:
        stride = slider(options["stride"], question.image)
    fill = method_options.option_control(three, options["fill"], "fill")
    with four:
        quantity = pickers.view_picker(
            "Quantity",
            (LOGIT, MARGIN, PROBABILITY),
            key="occlusion_quantity",
            parameter="quantity",
        )
    with five:
        chosen = pickers.class_picker(
            "Evidence for",
            key="occlusion_target",
            parameter="target",
            none_label=f"{question.names[question.prediction]}, the answer",
        )
    found = cache.occlusion_map(
        question.model_name, question.image.pixels, patch.value, stride.value, fill
    )
    if (found.logits == found.base_logits).all():
        st.info(
            "No position changes anything: wherever the patch lies, the "
            f"{question.image.noun} already is what shows inside it. Choose another fill, or draw "
            "something on the page Draw and erase."
        )
    else:
        show_map(question, found, quantity, question.prediction if chosen is None else chosen)
        show_winners(question, found)
    if found.why_whole:
        st.caption(
            f"The whole network runs at every position, since {found.why_whole}; the numbers are "
            "the same."
        )
    acknowledge((patch, stride))


def show_map(question: Question, found: OcclusionMap, quantity: str, target: int) -> None:
    """Show the fall of the score at every position, with the covered picture beside the map."""
    names, image = question.names, question.image
    rival = question.runner_up if target == question.prediction else question.prediction
    score = ClassScore(target, rival if quantity == MARGIN else None)
    drops = found.drops(score, as_probability=quantity == PROBABILITY)
    limit = colours.limit_of(drops)
    what = names[target]
    if quantity == MARGIN:
        what = OVER.format(name=what, rival=names[rival])
    linked_map(
        ColouredMap(
            drops,
            colours.colourise(drops, is_signed=True, limit=limit),
            title=MAP_TITLE.format(quantity=quantity.lower(), what=what),
            unit=UNITS["probability" if quantity == PROBABILITY else "logit"],
            scale=(colours.ramp(True, 32), -limit, limit),
        ),
        pictures.as_picture(image.pixels),
        Windows(
            found.tops.tolist(),
            found.lefts.tolist(),
            (found.patch_size, found.patch_size),
            fill=pictures.as_picture(found.filling),
        ),
        Answers(found.probabilities, found.base_probabilities, names),
        image_title=f"The covered {image.noun}",
        key="occlusion_probe",
    )
    st.caption(
        f"Red: what is covered speaks for {plain(what)}, so covering it lowers the value. Blue: "
        "it speaks "
        f"against. The ticks on the bars mark the answer to the untouched {image.noun}."
    )


def show_winners(question: Question, found: OcclusionMap) -> None:
    """Show the class that wins with the patch at each position."""
    names, answer = question.names, question.prediction
    st.subheader("Which class wins where", anchor=False)
    flips = float((found.winners != answer).mean())
    left, right = st.columns([2, 3], gap="large", vertical_alignment="center")
    show_chart(
        charts.winners(found.winners, answer, names),
        column=left,
        alt="The class that wins with the patch at each position",
    )
    counts = np.bincount(found.winners.ravel(), minlength=len(names))
    counts[answer] = 0
    ranked = [int(i) for i in np.argsort(-counts) if counts[i]]
    others = ", ".join(f"{plain(names[i])} ({counts[i]:,})" for i in ranked)
    right.markdown(
        FLIPS.format(
            answer=plain(names[answer]),
            share=numbers.percent(flips),
            positions=found.winners.size,
            others=others,
        )
        if flips
        else NO_FLIPS.format(answer=plain(names[answer]))
    )
    if paints := charts.winner_colours(names):
        right.html(html.legend([(names[i], paints[i]) for i in ranked]))
