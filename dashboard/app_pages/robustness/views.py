"""The robustness page: one picture changed, every strength of the change, and every network."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import streamlit as st
from markupsafe import Markup

from cnn_core import models
from cnn_core.robustness import Perturbation
from cnn_core.studies.robustness import rank
from dashboard import cache, session
from dashboard.app_pages.robustness import cached, charts, text
from dashboard.figures import html, pictures
from dashboard.figures.text import plain
from dashboard.frame import page_parts, picture_gallery
from dashboard.frame.charts import show_chart
from dashboard.frame.provenance import made_by
from dashboard.session import CurrentImage

BEST = "the best of the others"


@dataclass(frozen=True)
class Change:
    """Change of a picture with its strength.

    Attributes:
        row: Row of the change.
        strength: In the unit of the row.
        target: The class that an attack makes of the picture, or None for any other.
        options: The settings of the change.
    """

    row: Perturbation
    strength: float
    target: int | None
    options: cache.Options


def show_change(image: CurrentImage, change: Change) -> None:
    """Show the picture beside the changed one, and both predictions."""
    model_name, row, strength = session.model_name(), change.row, change.strength
    names, noun = models.get(model_name).class_names, image.noun
    changed = cached.changed(
        model_name, image.pixels, row.name, strength, change.target, change.options
    )
    before, after = (cache.prediction(model_name, each) for each in (image.pixels, changed))
    left, right = st.columns([9, 7], gap="medium")
    with left:
        st.html(
            text.pictures(
                image.pixels,
                changed,
                title=image.name,
                change=text.change_in_words(row, strength),
                width=picture_gallery.crisp_width(140),
            )
        )
        if strength and np.array_equal(changed, image.pixels):
            st.info(text.UNCHANGED.format(noun=noun))
        elif image.background == "paper" and not changed.any():
            st.info(text.NOTHING_LEFT.format(noun=noun))
        if st.button(f"Use the changed {noun}", key="use_changed", icon=":material/draw:"):
            session.set_drawing(pictures.as_picture(changed))
            page_parts.go_to("draw_and_erase")
    with right:
        said, was = (names[int(each.classes[0])] for each in (after, before))
        st.html(
            html.said(Markup("Now <b>{}</b>").format(said), text.BEFORE.format(name=was))
            + html.probability_bars(
                names, after.probabilities[0], before.probabilities[0], marked=image.label
            )
        )
        st.caption(
            "Thin grey bars: the unchanged picture. In points (pts): what the change adds or takes."
        )
    st.markdown(row.help + (f" [The paper]({row.paper})" if row.paper else ""))


def show_sweep(image: CurrentImage, change: Change) -> None:
    """Show the prediction over all strengths."""
    model_name, row = session.model_name(), change.row
    names, noun = models.get(model_name).class_names, image.noun
    st.subheader(f"How far the answer to this {noun} holds", anchor=False)
    with st.spinner("Trying every strength"):
        found = cached.sweep(model_name, image.pixels, row.name, change.target, change.options)
    st.markdown(text.hold_in_words(found, row, names, dict(change.options)))
    if row.needs_model:
        st.markdown(
            f"The change is made for this one network and this one {noun}. Where a person still "
            f"sees the same {noun} and the network does not, it leans on patterns that people do "
            "not use."
        )
    show_chart(
        charts.probabilities(found, names, change.strength, text.axis_of(row)),
        key="sweep",
        alt=f"Probability of {names[found.answer]} and its strongest rivals over the strength",
    )
    step = text.in_words(found.strengths[1] - found.strengths[0], row.unit)
    st.caption(f"Tried in steps of {step}. The dotted line is the strength chosen above.")


def show_networks(change: Change) -> None:
    """Show the accuracy of every network of the same data set."""
    row, strength = change.row, change.strength
    model_name, dataset = session.model_name(), session.dataset()
    st.subheader(f"How every network holds, on test {dataset.noun}s", anchor=False)
    study = cache.robustness_study()
    curves = [
        curve
        for curve in study.curves
        if curve.perturbation == row.name and models.get(curve.model).dataset == dataset.name
    ]
    chosen = next((curve for curve in curves if curve.model == model_name), None)
    if chosen is None:
        st.info(text.NOT_MEASURED.format(title=plain(models.get(model_name).title)))
        return
    nearest = min(chosen.strengths, key=lambda each: abs(each - strength))
    ranking = rank(curves, nearest)
    st.markdown(text.ranking_in_words(ranking, chosen, text.in_words(nearest, row.unit)))
    others = [curve.model for curve in curves if curve is not chosen]
    beside = None
    if others:
        rivals, key = [BEST, *others], f"robust_rival_of_{model_name}"
        session.in_address("beside", key, session.Choice(rivals), BEST)
        wanted = st.selectbox(
            "Beside it",
            rivals,
            format_func=lambda each: each if each == BEST else models.get(each).title,
            key=key,
            persist_state="session",
            width=320,
        )
        best = rank([curve for curve in curves if curve is not chosen], nearest).best.model
        beside = [curve.model for curve in curves].index(best if wanted == BEST else wanted)
    show_chart(
        charts.accuracies(
            curves,
            [models.get(curve.model).title for curve in curves],
            chosen=curves.index(chosen),
            beside=beside,
            strength=strength,
            axis=text.axis_of(row),
        ),
        key="accuracies",
        alt=f"Right answers of every network over the strength of {row.title}",
    )
    attack = " Attacks are made for each network, away from the true class." * row.needs_model
    st.caption(
        f"{text.mean_in_words(curves, chosen)} {chosen.num_images:,} test {dataset.noun}s drawn "
        f"at random, the same for every network; bands are 95% intervals of the share.{attack}"
    )
    with st.expander("The figures, with their intervals"):
        st.caption(f"The strengths, {text.unit_alone(row.unit)}, are those of the column heads.")
        st.html(text.table(curves, chosen))
        made_by(study.origin)
