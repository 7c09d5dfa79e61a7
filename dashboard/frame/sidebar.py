"""The sidebar of every page: the model, the current digit, the ways to choose another."""

from __future__ import annotations

import random

import numpy as np
import streamlit as st
from markupsafe import Markup
from streamlit.delta_generator import DeltaGenerator

from cnn_core import datasets, models
from cnn_core.errors import MissingFileError
from dashboard import cache, session, tensorflow_loader
from dashboard.figures import html, numbers, pictures
from dashboard.figures.text import plain
from dashboard.frame import picture_gallery

ANY_CLASS = "Any class"
TRUE_CLASS = "true class {name}"
BLANK = "blank paper"
NO_SUCH_MODEL = "There is no model of the name in the address: choose one above."


def show() -> None:
    """Show the network, the current picture, and the ways to choose another."""
    session.forget_unreadable_index()
    names = offered()
    session.settle_model(names)
    session.apply_choice()
    with st.sidebar:
        st.selectbox(
            "Model",
            names,
            format_func=_model_label,
            key=session.MODEL,
            on_change=session.forget_missed_model,
            persist_state="session",
        )
        if missed := session.missed_model():
            st.warning(_why_missed(missed))
        card = cache.card(session.model_name())
        st.caption(
            f"{numbers.percent(card.test_accuracy)} of the test {session.dataset().noun}s "
            f"right, {card.num_parameters:,} parameters"
        )
        slot = st.empty()
        session.put("digit_slot", slot)
        _digit_pickers()
        session.write_address(
            session.model_in_address(names) | session.drawing_in_address() | session.kept_settings()
        )
        show_card(slot)
        _loading_notice()


def offered() -> tuple[str, ...]:
    """Return the networks whose files are here, or the first, which says so."""
    trained = tuple(name for name in models.MODELS if models.is_trained(name))
    return trained or tuple(models.MODELS)[:1]


def _why_missed(model_name: str) -> str:
    if model_name not in models.MODELS:
        return NO_SUCH_MODEL
    return (
        f"{plain(models.get(model_name).title)} is not here: train it with `python -m "
        "cnn_core.training "
        f"{model_name}` or choose another model above."
    )


def _model_label(model_name: str) -> str:
    spec = models.get(model_name)
    is_first = spec.dataset == next(iter(datasets.DATASETS))
    return spec.title if is_first else f"{spec.title} · {datasets.get(spec.dataset).noun}s"


def show_card(slot: DeltaGenerator) -> None:
    """Show the current digit and the answer to it in the sidebar."""
    try:
        image = session.current_image()
    except MissingFileError:  # the pages that need the picture say so
        slot.html(_card_without_picture())
        return
    answer = current_answer()
    if not image.pixels.any():
        said = BLANK
    elif answer is None:
        said = html.LOADING
    else:
        said = _answer_in_words(answer)
    shown = html.picture(
        pictures.as_picture(image.pixels),
        width=picture_gallery.crisp_width(84),
        description=image.name,
    )
    slot.html(_card(shown, image.name, image.label, said))


def current_answer() -> np.ndarray | None:
    """Return the probabilities (classes,) for the current picture, or None while TensorFlow loads.

    An untouched test digit needs no TensorFlow: its answer is shipped.
    """
    model_name, image = session.model_name(), session.current_image()
    if image.index is not None and not image.is_edited:
        return cache.shipped_prediction(model_name, image.index).probabilities[0]
    return (
        cache.prediction(model_name, image.pixels).probabilities[0]
        if tensorflow_loader.is_ready()
        else None
    )


def _card_without_picture() -> str:
    model_name, index = session.model_name(), session.image_index()
    answer = cache.shipped_prediction(model_name, index).probabilities[0]
    label = int(cache.test_answers(model_name).labels[index])
    title = session.image_name(session.dataset().noun, index)
    return _card("", title, label, _answer_in_words(answer))


def _card(shown: str, title: str, label: int | None, said: str) -> Markup:
    names = session.dataset().class_names
    truth = "" if label is None else TRUE_CLASS.format(name=names[label])
    return Markup(
        '<div class="cl-card">{}<div><b>{}</b><span>{}</span><span>{}</span></div></div>'
    ).format(shown, title, truth, said)


def _answer_in_words(answer: np.ndarray) -> Markup:
    name = session.dataset().class_names[int(answer.argmax())]
    return Markup("answer <b>{}</b>, {}").format(name, numbers.probability(float(answer.max())))


def show_current_image() -> None:
    """Bring the sidebar up to date from within a fragment."""
    slot = session.get("digit_slot")
    if slot is not None:
        show_card(slot)


def _digit_pickers() -> None:
    size, noun = len(cache.test_answers(session.model_name()).labels), session.dataset().noun
    with st.container(horizontal=True, gap="small"):
        for label, icon, step in (
            ("Previous", ":material/chevron_left:", -1),
            ("Random", ":material/shuffle:", 0),
            ("Next", ":material/chevron_right:", 1),
        ):
            st.button(
                label,  # of the two arrows only spoken, see style.css
                icon=icon,
                help=f"{label} test {noun} of the class chosen below",
                key=f"digit_{label.lower()}",
                on_click=_step,
                args=(step,),
                width="stretch",
            )
    left, right = st.columns(2)
    left.number_input(
        f"Test {noun}",
        min_value=0,
        max_value=size - 1,
        value=session.DEFAULT_INDEX,
        key=session.INDEX,
        bind="query-params",
        persist_state="session",
    )
    classes = (ANY_CLASS, *session.dataset().class_names)
    session.in_address(session.OF_CLASS, _class_key(), session.Choice(classes), ANY_CLASS)
    right.selectbox(
        "Of class",
        classes,
        key=_class_key(),
        on_change=_first_of_class,
        persist_state="session",
    )


def _candidates() -> np.ndarray:
    labels = cache.test_answers(session.model_name()).labels
    wanted = session.get(_class_key(), ANY_CLASS)
    if wanted == ANY_CLASS:
        return np.arange(len(labels))
    return np.flatnonzero(labels == session.dataset().class_names.index(wanted))


def _class_key() -> str:
    return f"of_class_{session.dataset().name}"


def _step(step: int) -> None:
    """Go to the next or previous test digit of the chosen class, or to a random one for 0."""
    candidates, index = _candidates(), session.image_index()
    if step == 0:
        session.choose_test_image(int(random.choice(candidates[candidates != index])))
        return
    at = np.searchsorted(candidates, index, side="left" if step < 0 else "right")
    session.choose_test_image(int(candidates[(at + min(step, 0)) % len(candidates)]))


def _first_of_class() -> None:
    candidates = _candidates()
    if session.image_index() not in candidates:
        session.choose_test_image(int(candidates[0]))


def _loading_notice() -> None:
    if not tensorflow_loader.is_ready():
        _wait_for_tensorflow()


@st.fragment(run_every=0.25)
def _wait_for_tensorflow() -> None:
    if tensorflow_loader.is_ready():
        st.rerun()
    st.html(html.loading("Loading the network"))
