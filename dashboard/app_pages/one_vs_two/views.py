"""One step of the study as a row, and as a column beside the other steps."""

from __future__ import annotations

import streamlit as st
from markupsafe import Markup

from cnn_core.studies.one_vs_two import StudyStep
from dashboard.figures import colours, html, numbers
from dashboard.figures.pictures import as_picture, over_image

DIGITS = tuple("0123456789")
BEFORE_EDITS, EDIT = "Before your edits", "Your edit {number}"
OTHER_NETWORK = (
    "The claims of the study are about the {study}. Below they are tested on {title}, for which "
    "some may not hold."
)
OTHER_PICTURES = "This study is about digits, and {title} reads {noun}s."


def show_step(step: StudyStep) -> None:
    """Show a row: digit, probabilities, margin, attention, evidence."""
    answer = Markup("Answer <b>{}</b>").format(step.answer)
    said = html.said(answer, f"1 over 2: {numbers.signed(step.margin, 1)} logits")
    parts = (
        html.figure(as_picture(step.pixels), step.title, width=150)
        + Markup("<div>{}{}</div>").format(said, html.probability_bars(DIGITS, step.probabilities))
        + html.attention_figure(
            step.attention, step.pixels, str(step.answer), background="paper", width=150
        )
        + html.heatmap_figure(
            step.evidence,
            step.pixels,
            background="paper",
            is_signed=True,
            title="Evidence, by occlusion",
            caption="red speaks for the 1, blue for the 2",
            unit="logits",
            width=150,
        )
    )
    st.html(Markup('<div class="cl-step">{}</div>').format(parts))


def column_of(step: StudyStep, steps: tuple[StudyStep, ...]) -> Markup:
    """Show one step as a column: digit, attention on the scale of all steps, two probabilities."""
    limit = max(colours.limit_of(each.attention) for each in steps)
    attention = colours.colourise(step.attention, is_signed=False, limit=limit)
    pictures = (
        html.picture(as_picture(step.pixels), width=140, description=step.title),
        html.picture(
            over_image(attention, step.pixels, background="paper", is_signed=False),
            width=140,
            description=f"Attention, {step.title}",
        ),
    )
    ones, twos = (numbers.probability(float(step.probabilities[i])) for i in (1, 2))
    return Markup(
        '<div class="cl-column"><b>{}</b>{}<span>answer <b>{}</b></span>'
        "<span>1: {}, 2: {}</span><span>1 over 2: {} logits</span></div>"
    ).format(
        step.title, Markup().join(pictures), step.answer, ones, twos, numbers.signed(step.margin, 1)
    )
