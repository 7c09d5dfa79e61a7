"""What several pages share: headings, pickers and controls that return values."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import plotly.graph_objects as go
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from cnn_core import datasets, models
from cnn_core.attribution import Method, Option
from cnn_core.errors import CnnCoreError
from cnn_core.studies.map_figures import options_for
from dashboard import cache, charts, colours, markup, runtime, state
from dashboard.state import CurrentDigit
from dashboard.tiles import tiles

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
        if isinstance(error, cache.AbsentPicturesError):
            _offer_download(error.dataset)


def _offer_download(dataset: str) -> None:
    title = datasets.get(dataset).title
    if st.button(f"Download {title}", icon=":material/download:"):
        with readable_errors(), st.spinner(f"Downloading {title}"):
            cache.download(dataset)
            st.rerun()


def intro(title: str, text: str) -> None:
    """A page's heading and the two sentences that say what one sees and how to read it."""
    st.title(title, anchor=False)
    st.markdown(text)


def is_blank(digit: CurrentDigit) -> bool:
    """Whether the current picture is paper without ink; a black photograph is a picture."""
    return digit.background == "paper" and not digit.pixels.any()


def note_blank(digit: CurrentDigit) -> None:
    """Say of blank paper where all that the page shows comes from."""
    if is_blank(digit):
        st.info(
            "The paper is blank: what the network still answers comes from its biases alone. Draw "
            f"a {digit.noun} on the page Draw and erase, or choose a test {digit.noun} in the "
            "sidebar."
        )


def next_page(path: str, label: str) -> None:
    """A link at the end of a page to the one that follows."""
    st.page_link(path, label=label, icon=":material/arrow_forward:")


def crisp_width(about: int) -> int:
    """The width on screen nearest to one at which all pixels of the pictures are as wide.

    Args:
        about: the width wanted, in CSS pixels.
    """
    side = _side()
    return side * max(1, round(about / side))


def class_picker(label: str, *, key: str, none_label: str, is_disabled: bool = False) -> int | None:
    """A select box over the classes of the chosen model, with no class chosen at first.

    Args:
        label: what the class is for.
        key: of the widget; its state is NO_CLASS for no class.
        none_label: of the first entry, which stands for no class.
        is_disabled: shown, but of no use now.
    """
    names = models.get(state.model_name()).class_names
    if state.get(key) == NO_CLASS:
        state.put(key, NO_CLASS)  # else the browser goes on showing the label it had at first
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


def matrix_picker(figure: go.Figure, *, key: str, alt: str) -> None:
    """A confusion matrix; a click on a cell sets two class pickers, a second one empties them.

    Args:
        figure: whose points carry the true class and the answer.
        key: the pickers' keys are KEY_true and KEY_answer.
        alt: what the matrix shows, for those who cannot see it.
    """
    pickers = f"{key}_true", f"{key}_answer"
    chosen = tuple(state.get(picker, NO_CLASS) for picker in pickers)
    # A new name for each choice: a chart forgets what was selected in it only with its name.
    chart = "_".join(map(str, (key, *chosen)))

    def taken() -> None:
        points = state.get(chart)["selection"]["points"]
        cell = tuple(points[0]["customdata"][:2]) if points else chosen
        for picker, index in zip(pickers, cell, strict=True):
            state.put(picker, NO_CLASS if cell == chosen else index)

    st.plotly_chart(
        figure,
        config=charts.CONFIG,
        key=chart,
        on_select=taken,
        selection_mode="points",
        alt=alt,
    )


def picture_gallery(
    indices: Sequence[int],
    captions: Sequence[str],
    descriptions: Sequence[str],
    *,
    key: str,
    height: int = 330,
) -> None:
    """Pictures of the test set; the one that is clicked becomes the current one.

    Args:
        indices: of the pictures.
        captions: a short text below each.
        descriptions: a text for the tooltip of each.
        key: names the gallery.
        height: of many pictures, which then scroll, in CSS pixels.
    """
    images = cache.split(state.dataset().name, "test").images
    current = state.shown_index()
    room: Any = height if len(indices) > 12 else "content"
    with st.container(height=room, border=False, key=f"{key}_list"):
        picked = tiles(
            [colours.as_picture(images[i]) for i in indices],
            captions,
            key=key,
            size=crisp_width(84),
            selected=indices.index(current) if current in indices else None,
            descriptions=descriptions,
        )
    if picked is not None:
        state.choose_test_digit(indices[picked])
        st.rerun()


def layer_picker(
    layers: Sequence[str],
    *,
    default: str,
    key: str,
    label: str = "Layer",
    is_disabled: bool = False,
) -> str:
    """One of the network's layers; each network keeps a choice of its own."""
    chosen: str = st.selectbox(
        label,
        layers,
        index=layers.index(default),
        key=f"{key}_{state.model_name()}",
        persist_state="session",
        disabled=is_disabled,
    )
    return chosen


def options_of(method: Method) -> tuple[Option, ...]:
    """The options of a method, those of a patch in proportion to the pictures of the model."""
    side = _side()
    defaults = options_for(method, side)
    most: dict[str, dict[str, Any]] = {"patch_size": {"maximum": min(side // 2, 28)}}
    return tuple(
        replace(
            option,
            default=defaults.get(option.name, option.default),
            **most.get(option.name, {}),
        )
        for option in method.options
    )


def default_options(method: Method) -> cache.Options:
    """What the controls of a method say at first."""
    return tuple((option.name, option.default) for option in options_of(method))


def option_controls(
    method: Method, *, images: Mapping[str, np.ndarray] | None = None
) -> cache.Options:
    """A control for each option of a method, in a row, and one for its seed if it has any.

    Args:
        method: whose options.
        images: more choices, by their names, of the options that take an image.
    """
    if not method.options:
        return ()
    columns, values = st.columns(5), []
    for option, column in zip(options_of(method), columns, strict=False):
        own = dict(images or {}) if option.takes_image else {}
        wider = replace(option, choices=(*option.choices, *own))
        value = option_control(column, wider, f"{method.name}_{option.name}")
        values.append((option.name, own.get(value, value)))
    if method.needs_seed:
        values.append(("seed", seed_control(columns[len(values)], method)))
    return tuple(values)


def seed_control(column: DeltaGenerator, method: Method) -> int:
    """A number that tells one draw of a method's random numbers from the next."""
    seed: int = column.number_input(
        "Seed",
        min_value=0,
        max_value=999,
        help=f"The same seed gives the same map; another one draws anew {method.drawn}.",
        key="seed",
        persist_state="session",
    )
    return seed


def option_control(column: DeltaGenerator, option: Option, key: str) -> Any:
    """A select box or a slider for one option.

    Args:
        column: where it stands.
        option: one of options_of().
        key: of the widget; each size of pictures keeps a setting of its own.
    """
    key = f"{key}_{_side()}"
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


def _side() -> int:
    return min(state.dataset().image_shape[:2])


def require_network() -> None:
    """End the page's run here while TensorFlow loads; the page runs again when it is there."""
    if not runtime.is_ready():
        loading()
        st.skeleton(height=320)
        st.stop()


def require_compiled() -> None:
    """End the page's run here while its network is compiled, in the background, on first use."""
    require_network()
    if not cache.is_compiled(state.model_name()):
        preparing()
        st.skeleton(height=320)
        st.stop()


def preparing() -> None:
    """Say that the maps are on their way, and run the page again when they can be made."""
    st.html(markup.loading("The maps are on their way: first use of this network"))
    _rerun_when_compiled(state.model_name())


@st.fragment(run_every=0.25)
def _rerun_when_compiled(name: str) -> None:
    if cache.is_compiled(name):
        st.rerun()


def loading() -> None:
    """Say that the network is on its way."""
    st.html(markup.loading())
