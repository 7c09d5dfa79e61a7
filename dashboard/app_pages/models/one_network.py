"""One network on a page: its figures, its layers as a drawing, how it was trained."""

from __future__ import annotations

import dataclasses

import streamlit as st
from markupsafe import Markup

from cnn_core import models
from cnn_core.architecture import Table
from cnn_core.models import ModelCard
from dashboard import cache
from dashboard.app_pages.models import cached, diagram, tables, text
from dashboard.figures import html, line_charts
from dashboard.figures.text import plain
from dashboard.frame import page_parts
from dashboard.frame.charts import show_chart

# A longer summary is scrolled.
MAX_ROWS = 24


def card_of(model_name: str) -> ModelCard | None:
    """Return the card of a trained network or None; say so if the card is damaged."""
    if model_name in models.MODELS and models.is_trained(model_name):
        with page_parts.readable_errors():
            return cache.card(model_name)
    return None


def show(model_name: str) -> None:
    """Everything that is known of a network, trained or not."""
    spec, table, card = (
        models.architecture(model_name),
        cached.layer_table(model_name),
        card_of(model_name),
    )
    st.markdown(f"{spec.description} *Source: {spec.source}.*")
    st.html(html.facts(_key_figures(table, card)))
    if card is None:
        say_untrained(model_name)
        _show_diagram(table, spec.title)
    else:
        is_wide = diagram.num_lanes(table) > 2
        left, right = (st, st) if is_wide else st.columns([10, 11], gap="medium")
        with left.container():
            _show_diagram(table, spec.title)
        with right.container():
            _show_training(card)
    st.subheader("Summary", anchor=False)
    with st.container(height=560 if len(table) > MAX_ROWS else "content", border=False):
        st.html(tables.layers(table))
    st.caption(
        "Multiply-adds are counted for convolutions and dense layers only, for one image. A unit "
        "sees so many pixels, padding included, its neighbour as many a step further; behind a "
        "flattening a unit may see all of the image."
    )


def say_untrained(*names: str) -> None:
    """Say of networks without shipped weights why, and what trains those that can be."""
    classics = [name for name in names if name in models.UNTRAINED]
    sentences = [
        (text.CLASSIC if name in classics else text.TRAIN_IT).format(
            title=plain(models.architecture(name).title), name=name
        )
        for name in names
    ]
    st.info("  \n".join(sentences))


def _key_figures(table: Table, card: ModelCard | None) -> tuple[tuple[str, str], ...]:
    accuracy, interval = tables.measured(card)
    weighted = sum(layer.num_parameters > 0 for layer in table)
    measured = (
        (tables.DASH, "no accuracy: not trained")
        if card is None
        else (accuracy, f"of the test set right; 95% interval {interval}")
    )
    return (
        (f"{sum(layer.num_parameters for layer in table):,}", "parameters"),
        (
            diagram.long_number(sum(layer.multiply_adds for layer in table)),
            "multiply-adds an image",
        ),
        (str(len(table)), f"layers, {weighted} of them with parameters"),
        measured,
    )


def _show_diagram(table: Table, title: str) -> None:
    st.subheader("Layer by layer", anchor=False)
    drawn = diagram.svg(table, text.DIAGRAM.format(title=title))
    # Not st.html, which takes drawings out.
    st.markdown(
        Markup('<div class="cl-diagram" tabindex="0">{}</div>').format(drawn),
        unsafe_allow_html=True,
    )
    st.html(diagram.legend())
    st.caption(
        "Bars and percentages: the layer's share of all multiply-adds. Blocks: height and depth "
        "stand for places, width for channels. Point at a layer for all of its figures."
    )


def _show_training(card: ModelCard) -> None:
    st.subheader("Training", anchor=False)
    show_chart(
        line_charts.training_curves(card.history, card.best_epoch),
        key="training_curves",
        alt="Accuracy and loss over the epochs",
    )
    st.html(tables.card_facts(card))
    with st.expander("The card as it is"):
        st.json(dataclasses.asdict(card), expanded=1)
