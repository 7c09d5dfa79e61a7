"""Occlusion: cover the picture with a patch, place after place, and see what the answer loses."""

import numpy as np
import streamlit as st

from cnn_core import models
from cnn_core.attribution import METHODS
from cnn_core.attribution.score import ClassScore
from dashboard import cache, charts, colours, components, markup, state
from dashboard.probe import probe

LOGIT, MARGIN, PROBABILITY = "Logit", "Margin", "Probability"

noun = state.dataset().noun
components.intro(
    "Occlusion",
    f"A patch covers the {noun} at every position in turn: the map shows how far the answer falls. "
    f"Move over the map to see the covered {noun} and what the network says to it.",
)
components.require_network()
name, digit = state.model_name(), state.current_digit()
names = models.get(name).class_names
prediction = cache.prediction(name, digit.pixels)
answer, second = (int(i) for i in np.argsort(-prediction.logits[0], kind="stable")[:2])

one, two, three, four, five = st.columns([2, 2, 2, 4, 3])
patch_size, stride, fill = (
    components.option_control(column, option, option.name)
    for column, option in zip(
        (one, two, three), components.options_of(METHODS["occlusion"]), strict=True
    )
)
with four:
    quantity = components.view_picker(
        "Quantity", (LOGIT, MARGIN, PROBABILITY), key="occlusion_quantity"
    )
with five:
    chosen = components.class_picker(
        "Evidence for",
        key="occlusion_target",
        none_label=f"{names[answer]}, the answer",
    )
target = answer if chosen is None else chosen
rival = second if target == answer else answer

with st.spinner("Covering every position"):
    found = cache.occlusion_map(name, digit.pixels, patch_size, stride, fill)
score = ClassScore(target, rival if quantity == MARGIN else None)
drops = found.drops(score, as_probability=quantity == PROBABILITY)
limit = colours.limit_of(drops)
what = f"{names[target]} over {names[rival]}" if quantity == MARGIN else names[target]

probe(
    drops,
    colours.colourise(drops, is_signed=True, limit=limit),
    colours.grey(digit.pixels),
    tops=found.tops.tolist(),
    lefts=found.lefts.tolist(),
    box=(patch_size, patch_size),
    unit="of probability" if quantity == PROBABILITY else "logits",
    map_title=f"Fall of the {quantity.lower()} for {what}",
    digit_title=f"The covered {noun}",
    key="occlusion_probe",
    fill=colours.grey(found.filling),
    probabilities=found.probabilities,
    baseline=found.base_probabilities,
    class_names=names,
    scale=(colours.ramp(True, 32), -limit, limit),
)
st.caption(
    f"Red: what is covered speaks for {what}, so covering it lowers the value. Blue: it speaks "
    f"against. The ticks on the bars mark the answer to the untouched {noun}."
)

st.subheader("Which class wins where", anchor=False)
flips = float((found.winners != answer).mean())
left, right = st.columns([2, 3], gap="large", vertical_alignment="center")
left.plotly_chart(
    charts.winners(found.winners, answer, names),
    config=charts.CONFIG,
    alt="The class that wins with the patch at each position",
)
counts = np.bincount(found.winners.ravel(), minlength=len(names))
counts[answer] = 0
others = ", ".join(f"{names[i]} ({counts[i]:,})" for i in np.argsort(-counts) if counts[i])
right.markdown(
    f"Covering one place changes the answer {names[answer]} at **{markup.percent(flips)}** of "
    f"{found.winners.size:,} positions. There the answer is {others}."
    if flips
    else f"No position of the patch changes the answer {names[answer]}. Try a larger patch or "
    "another fill."
)
components.next_page("app_pages/faithfulness.py", "Next: which of the maps to believe")
