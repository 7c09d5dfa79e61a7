"""The sidebar of every page: the model, the current digit, the ways to choose another."""

from __future__ import annotations

import random

import numpy as np
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from cnn_core import models
from cnn_core.inference import softmax
from dashboard import cache, colours, markup, runtime, state

ANY_CLASS = "Any class"


def show() -> None:
    """The model, the current digit, and the ways to choose another."""
    state.forget_unreadable_index()
    state.apply_choice()
    with st.sidebar:
        st.selectbox(
            "Model",
            list(models.MODELS),
            format_func=lambda name: models.MODELS[name].title,
            key=state.MODEL,
            bind="query-params",
            persist_state="session",
        )
        card = cache.card(state.model_name())
        st.caption(
            f"{markup.percent(card['test_accuracy'])} of the test digits right, "
            f"{card['num_parameters']:,} parameters"
        )
        slot = st.empty()
        state.put("digit_slot", slot)
        _digit_pickers()
        state.write_address()
        digit_card(slot)
        _loading_notice()


def digit_card(slot: DeltaGenerator) -> None:
    """Show the current digit and the answer to it in the sidebar."""
    digit = state.current_digit()
    truth = "" if digit.label is None else f"true class {digit.label}"
    answer = current_answer()
    if not digit.pixels.any():
        said = "blank paper"
    elif answer is None:
        said = "The network is loading"
    else:
        said = f"answer <b>{answer.argmax()}</b>, {markup.percent(float(answer.max()))}"
    shown = markup.picture(colours.grey(digit.pixels), width=84, description=digit.name)
    slot.html(
        f'<div class="cl-card">{shown}<div><b>{digit.name}</b>'
        f"<span>{truth}</span><span>{said}</span></div></div>"
    )


def current_answer() -> np.ndarray | None:
    """The probabilities (classes,) for the current digit, or None while TensorFlow loads.

    An untouched test digit needs no TensorFlow: its answer is shipped.
    """
    digit = state.current_digit()
    if digit.index is not None and not digit.is_edited:
        return softmax(cache.test_logits(state.model_name())[digit.index])
    if not runtime.is_ready():
        return None
    probabilities: np.ndarray = cache.prediction(state.model_name(), digit.pixels).probabilities[0]
    return probabilities


def show_current_digit() -> None:
    """Bring the sidebar up to date from within a fragment."""
    slot = state.get("digit_slot")
    if slot is not None:
        digit_card(slot)


def _digit_pickers() -> None:
    size = len(cache.test_logits(state.model_name()))
    with st.container(horizontal=True, gap="small"):
        for label, icon, step in (
            ("Previous", ":material/chevron_left:", -1),
            ("Random", ":material/shuffle:", 0),
            ("Next", ":material/chevron_right:", 1),
        ):
            st.button(
                label,  # of the two arrows only spoken, see style.css
                icon=icon,
                help=f"{label} test digit of the class chosen below",
                key=f"digit_{label.lower()}",
                on_click=_step,
                args=(step,),
                width="stretch",
            )
    left, right = st.columns(2)
    left.number_input(
        "Test digit",
        min_value=0,
        max_value=size - 1,
        value=state.DEFAULT_DIGIT,
        key=state.DIGIT,
        bind="query-params",
        persist_state="session",
    )
    right.selectbox(
        "Of class",
        [ANY_CLASS, *models.get(state.model_name()).class_names],
        key="of_class",
        on_change=_first_of_class,
        persist_state="session",
    )


def _candidates() -> np.ndarray:
    labels = cache.split(models.get(state.model_name()).dataset, "test").labels
    wanted = state.get("of_class", ANY_CLASS)
    if wanted == ANY_CLASS:
        return np.arange(len(labels))
    names = models.get(state.model_name()).class_names
    return np.flatnonzero(labels == names.index(wanted))


def _step(step: int) -> None:
    """Go to the next or previous test digit of the chosen class, or to a random one for 0."""
    candidates, index = _candidates(), state.digit_index()
    if step == 0:
        state.choose_test_digit(int(random.choice(candidates[candidates != index])))
        return
    at = np.searchsorted(candidates, index, side="left" if step < 0 else "right")
    state.choose_test_digit(int(candidates[(at + min(step, 0)) % len(candidates)]))


def _first_of_class() -> None:
    candidates = _candidates()
    if state.digit_index() not in candidates:
        state.choose_test_digit(int(candidates[0]))


def _loading_notice() -> None:
    if not runtime.is_ready():
        _wait_for_tensorflow()


@st.fragment(run_every=0.25)
def _wait_for_tensorflow() -> None:
    if runtime.is_ready():
        st.rerun()
    st.html(markup.loading("Loading the network"))
