"""What several pages share: headings, pickers and controls that return values."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from cnn_core import models
from cnn_core.attribution import Method, Option
from cnn_core.errors import CnnCoreError
from dashboard import cache, markup, runtime, state

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


def require_network() -> None:
    """End the page's run here while TensorFlow loads; the page runs again when it is there."""
    if not runtime.is_ready():
        loading()
        st.skeleton(height=320)
        st.stop()


def loading() -> None:
    """Say that the network is on its way."""
    st.html(markup.loading())


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
