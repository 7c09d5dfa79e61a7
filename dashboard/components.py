"""What several pages share: the sidebar, pickers and controls that return values."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from cnn_core import models
from cnn_core.attribution import Method, Option
from cnn_core.errors import CnnCoreError
from cnn_core.inference import softmax
from dashboard import cache, colours, markup, runtime, state

ANY_CLASS = "Any class"
# Stands for no class in a class picker: a select box that holds None shows a cross to empty it.
NO_CLASS = -1


def style() -> None:
    """Load the app's own style sheet."""
    st.html(Path(__file__).with_name("style.css"))


@contextmanager
def readable_errors() -> Iterator[None]:
    """Show an error that a visitor can act on as one sentence; any other is a bug and goes on."""
    try:
        yield
    except CnnCoreError as error:
        st.error(str(error))


def intro(title: str, text: str) -> None:
    """A page's heading and the two sentences that say what one sees and how to read it."""
    st.title(title, anchor=False)
    st.markdown(text)


def next_page(path: str, label: str) -> None:
    """A link at the end of a page to the one that follows."""
    st.page_link(path, label=label, icon=":material/arrow_forward:")


def sidebar() -> None:
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


def show_digit_in_sidebar() -> None:
    """Bring the sidebar up to date from within a fragment."""
    slot = state.get("digit_slot")
    if slot is not None:
        digit_card(slot)


def class_picker(label: str, *, key: str, none_label: str, is_disabled: bool = False) -> int | None:
    """A select box over the classes of the chosen model, with no class chosen at first.

    Args:
        label: what the class is for.
        key: of the widget; its state is NO_CLASS for no class.
        none_label: of the first entry, which stands for no class.
        is_disabled: shown, but of no use now.
    """
    names = models.get(state.model_name()).class_names
    chosen: int = st.selectbox(
        label,
        [NO_CLASS, *range(len(names))],
        format_func=lambda i: none_label if i == NO_CLASS else names[i],
        key=key,
        persist_state="session",
        disabled=is_disabled,
    )
    return None if chosen == NO_CLASS else chosen


def view_picker(label: str, views: Sequence[str], *, key: str) -> str:
    """One of a few views, the first at first."""
    chosen: str = st.segmented_control(
        label, views, default=views[0], key=key, required=True, persist_state="session"
    )
    return chosen if chosen in views else views[0]


def layer_picker(
    layers: Sequence[str],
    *,
    default: str,
    key: str,
    label: str = "Layer",
    is_disabled: bool = False,
) -> str:
    """One of the network's layers."""
    chosen: str = st.selectbox(
        label,
        layers,
        index=layers.index(default),
        key=key,
        persist_state="session",
        disabled=is_disabled,
    )
    return chosen


def option_controls(method: Method) -> cache.Options:
    """A control for each option of a method, in a row, from the ranges its row states."""
    if not method.options:
        return ()
    columns = st.columns(5)
    return tuple(
        (option.name, _option_control(column, option, f"{method.name}_{option.name}"))
        for option, column in zip(method.options, columns, strict=False)
    )


def _option_control(column: DeltaGenerator, option: Option, key: str) -> Any:
    if option.choices:
        return column.selectbox(
            option.title, option.choices, help=option.help, key=key, persist_state="session"
        )
    kind = type(option.default)
    return column.slider(
        option.title,
        min_value=kind(option.minimum),
        max_value=kind(option.maximum),
        value=option.default,
        step=kind(option.step),
        help=option.help,
        key=key,
        persist_state="session",
    )


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
    st.html('<div class="cl-loading" role="status">Loading the network</div>')


def require_network() -> None:
    """End the page's run here while TensorFlow loads; the page runs again when it is there."""
    if not runtime.is_ready():
        loading()
        st.skeleton(height=320)
        st.stop()


def loading() -> None:
    """Say that the network is on its way."""
    st.html('<div class="cl-loading" role="status">The network is loading</div>')


def picture_upload(take: Callable[[bytes], None]) -> None:
    """A button for a file or a photograph; its bytes go to `take` and are dropped at once."""
    # New keys close the popover and empty its widgets, so no stranger's bytes stay in memory.
    turn = state.get("upload_turn", 0)

    def taken(key: str) -> None:
        uploaded = state.get(key)
        if uploaded is not None:
            state.put("upload_turn", turn + 1)
            take(uploaded.getvalue())

    upload, camera = f"upload_{turn}", f"camera_{turn}"
    with st.popover("Your picture", icon=":material/add_a_photo:", key=f"picture_{turn}"):
        st.file_uploader(
            "A picture of a digit: PNG, JPEG, WebP, BMP, GIF or TIFF, at most 8 MB",
            key=upload,
            on_change=taken,
            args=(upload,),
        )
        if st.toggle("Use the camera", key="use_camera"):
            st.camera_input("A photograph of a digit", key=camera, on_change=taken, args=(camera,))


def glance(digit: state.CurrentDigit) -> None:
    """The digit's way through the network in one line: input, feature maps, probabilities."""
    stages = [("Input", markup.picture(colours.grey(digit.pixels), width=168, description="input"))]
    if runtime.is_ready():
        maps = cache.feature_maps(state.model_name(), digit.pixels)
        for layer in cache.layer_names(state.model_name())[0][:2]:
            stages.append((f"Strongest maps of {layer}", _strongest(maps[layer])))
    else:
        stages += [
            ("Feature maps", '<div class="cl-loading">The network is loading</div>'),
            ("", ""),
        ]
    answer = current_answer()
    names = models.get(state.model_name()).class_names
    bars = "" if answer is None else markup.probability_bars(names, answer, marked=digit.label)
    stages.append(("Probability of each digit", bars))
    st.html(
        '<div class="cl-flow">'
        + "".join(f"<section><h3>{title}</h3>{body}</section>" for title, body in stages)
        + "</div>"
    )


def _strongest(maps: np.ndarray, count: int = 9) -> str:
    """The feature maps (height, width, channels) with the largest mean, on one scale."""
    channels = np.argsort(-maps.mean(axis=(0, 1)), kind="stable")[:count]
    limit = colours.limit_of(maps)
    pictures = (
        markup.picture(
            colours.colourise(maps[..., channel], is_signed=False, limit=limit),
            width=80,
            description=f"feature map {channel}",
        )
        for channel in channels
    )
    return f'<div class="cl-maps">{"".join(pictures)}</div>'
