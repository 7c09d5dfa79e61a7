"""The picture that every page shows: a test picture or the visitor's own, with its edits."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import streamlit as st

from cnn_core.datasets import Background
from cnn_core.errors import MissingFileError
from dashboard import cache
from dashboard.figures import pictures
from dashboard.session import address, network, values
from dashboard.widgets.canvas import codec

DEFAULT_INDEX = 1
MAX_EDITS = 50


@dataclass(frozen=True)
class CurrentImage:
    """Picture that every page looks at.

    Attributes:
        pixels: (height, width, channels) float32 in [0, 1], with all edits.
        original: Pixels before any edit.
        index: Index of the test picture, or None for the visitor's own.
        label: The true class, or None for the visitor's own.
        noun: Word for the picture, such as "digit".
        background: "paper" below strokes, or "photo".
        digit_id: Names the original; edits keep it.
        revision: Grows whenever Python, not the pen, sets the pixels.
        seen: Number of the last update from the canvas that the pixels hold.
    """

    pixels: np.ndarray
    original: np.ndarray
    index: int | None
    label: int | None
    noun: str
    background: Background
    digit_id: str
    revision: int
    seen: int

    @property
    def is_edited(self) -> bool:
        """True if the pixels differ from the original."""
        return not np.array_equal(self.pixels, self.original)

    @property
    def name(self) -> str:
        """Name of the picture in a heading."""
        return image_name(self.noun, self.index, is_edited=self.is_edited)


@dataclass(frozen=True)
class Edit:
    """One step of the visitor's drawing and the answer of a model to it."""

    pixels: np.ndarray
    model: str
    answer: int
    confidence: float


@dataclass
class _Drawing:
    """The drawing of one session; levels are (height, width) or (height, width, 3) uint8.

    Attributes:
        dataset: Data set of the network chosen when the drawing was made; a network of another data
            set ends the drawing.
        index: The test digit chosen when the drawing was made; choosing another one ends it.
        own: The visitor's own digit before edits, or None while a test digit is edited.
        levels: Levels with all edits, or None if there are none.
    """

    dataset: str
    index: int
    own: np.ndarray | None = None
    levels: np.ndarray | None = None
    own_count: int = 0
    revision: int = 0
    seen: int = 0
    edits: list[Edit] = field(default_factory=list)


def image_name(noun: str, index: int | None, *, is_edited: bool = False) -> str:
    """Return the name of a picture in a heading.

    Args:
        noun: Word for the picture, such as "digit".
        index: Index of the test picture, or None for the visitor's own.
        is_edited: The picture differs from the original.
    """
    name = f"Your own {noun}" if index is None else f"Test {noun} {index}"
    return f"{name}, edited" if is_edited else name


def take_up_eraser() -> None:
    """Let the drawing page begin with the eraser in the hand; to be called from a callback."""
    values.put("eraser_calls", eraser_calls() + 1)


def eraser_calls() -> int:
    """Count how often the eraser was to be taken up in this session."""
    return int(values.get("eraser_calls", 0))


def image_index() -> int:
    """Return the index of the chosen test picture."""
    return int(st.session_state.get(address.INDEX, DEFAULT_INDEX))


def shown_index() -> int | None:
    """Return the index of the test picture that is current, or None for the visitor's own."""
    return image_index() if _drawing().own is None else None


def current_image() -> CurrentImage:
    """Picture that every page looks at.

    Raises:
        MissingFileError: The picture is a test image and the data set is not on this machine.
    """
    drawing, index = _drawing(), image_index()
    is_own = drawing.own is not None
    if drawing.own is None:
        original = cache.split(network.dataset().name, "test").images[index]
    else:
        original = _pixels(drawing.own)
    return CurrentImage(
        pixels=original if drawing.levels is None else _pixels(drawing.levels),
        original=original,
        index=None if is_own else index,
        label=None if is_own else int(cache.test_answers(network.model_name()).labels[index]),
        noun=network.dataset().noun,
        background=network.dataset().background,
        digit_id=f"{drawing.dataset}-"
        + (f"own-{drawing.own_count}" if is_own else f"test-{index}"),
        revision=drawing.revision,
        seen=drawing.seen,
    )


def choose_test_image(index: int) -> None:
    """Make a test digit the current one, without edits, from the next run on.

    The index belongs to a widget, which may not be set once it is drawn: a callback's run follows
    by itself, elsewhere call st.rerun() afterwards.
    """
    st.session_state["wanted_digit"] = index


def apply_choice() -> None:
    """Carry out choose_test_digit; to be called before the widget of the index is drawn."""
    if "wanted_digit" in st.session_state:
        index = st.session_state.pop("wanted_digit")
        drawing = _drawing()
        st.session_state[address.INDEX] = index
        _start_over(drawing, own=None)


def use_own_image(levels: np.ndarray) -> None:
    """Make a picture of the visitor's own the current digit.

    Args:
        levels: uint8, (height, width) or (height, width, 3) as the model's data set has it.

    Raises:
        ValueError: levels have another shape.
    """
    height, width, channels = network.dataset().image_shape
    shape = (height, width) if channels == 1 else (height, width, channels)
    if levels.shape != shape:
        raise ValueError(f"Expected levels of shape {shape}. Received: levels.shape={levels.shape}")
    drawing = _drawing()
    drawing.own_count += 1
    _start_over(drawing, own=levels)


def return_to_test_image() -> None:
    """Leave the visitor's own digit, or all edits, for the chosen test digit."""
    choose_test_image(image_index())


def take_drawing(levels: np.ndarray, sequence: int) -> None:
    """Take what the pen has drawn; the canvas already shows it.

    Args:
        levels: uint8, (height, width) or (height, width, 3).
        sequence: Sequence of the update that brought it.
    """
    drawing = _drawing()
    drawing.levels, drawing.seen = levels, sequence


def set_drawing(levels: np.ndarray) -> None:
    """Set the pixels from Python; the canvas takes them as one more edit that can be undone."""
    drawing = _drawing()
    drawing.levels = levels
    drawing.revision += 1


def edits() -> list[Edit]:
    """Return the edits of the current picture, oldest first."""
    return _drawing().edits


def replace_edits(answered: list[Edit]) -> None:
    """Set the edits of the current digit, answered anew by another model for example."""
    _drawing().edits = answered


def remember_edit(edit: Edit) -> None:
    """Append an edit unless it repeats the last one; the oldest ones fall off the end."""
    known = _drawing().edits
    if not known or not np.array_equal(known[-1].pixels, edit.pixels):
        known.append(edit)
        del known[:-MAX_EDITS]


def address_key() -> str | None:
    """Return the parameter of the address that keeps the drawing; None if it is too large."""
    if not address.keeps_drawings(network.dataset().image_shape):
        return None
    return address.EDITED if _drawing().own is None else address.OWN


def drawing_in_address() -> dict[str, str]:
    """Return the drawing's parameter of the address; nothing for an untouched test picture."""
    key, drawing = address_key(), _drawing()
    if key is None or (drawing.own is None and drawing.levels is None):
        return {}
    try:
        image = current_image()
    except MissingFileError:  # a test picture that is not here is not drawn on
        return {}
    is_needed = image.index is None or image.is_edited
    return {key: codec.to_text(pictures.as_picture(image.pixels))} if is_needed else {}


def _drawing() -> _Drawing:
    if "drawing" not in st.session_state:
        st.session_state["drawing"] = _drawing_of_address()
    drawing: _Drawing = st.session_state["drawing"]
    if (drawing.dataset, drawing.index) != (network.dataset().name, image_index()):
        _start_over(drawing, own=None)
    return drawing


def _drawing_of_address() -> _Drawing:
    drawing = _Drawing(network.dataset().name, image_index())
    found = address.read_drawing(network.dataset().image_shape)
    if found is not None:
        key, drawing.levels = found
        drawing.own = drawing.levels if key == address.OWN else None
    return drawing


def _start_over(drawing: _Drawing, *, own: np.ndarray | None) -> None:
    drawing.dataset, drawing.index = network.dataset().name, image_index()
    drawing.own, drawing.levels, drawing.edits = own, None, []
    drawing.revision += 1


def _pixels(levels: np.ndarray) -> np.ndarray:
    pixels = levels.astype(np.float32) / np.float32(255)
    return pixels if pixels.ndim == 3 else pixels[..., None]
