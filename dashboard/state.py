"""What one visitor is looking at; the only user of session state and of the address.

The address carries the page, the model, the index of the test digit and, once something was
drawn, the pixels: a reload or a copied link shows the same. The model and the index belong to
widgets bound to the address; the drawing is written here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import streamlit as st

from cnn_core import models
from dashboard import cache, colours
from dashboard.canvas import codec

MODEL, DIGIT = "model", "digit"
DEFAULT_DIGIT = 1
MAX_EDITS = 50
# The drawing's parameter in the address: an edited test digit, or a digit of the visitor's own.
EDITED, OWN = "ink", "own"


@dataclass(frozen=True)
class CurrentDigit:
    """The digit that every page looks at.

    Attributes:
        pixels: (height, width, 1) float32 in [0, 1], with all edits.
        original: the same before any edit.
        index: of the test digit, or None for the visitor's own.
        label: the true class, or None for the visitor's own.
        digit_id: names the original; edits keep it.
        revision: grows whenever Python, not the pen, sets the pixels.
        seen: number of the last update from the canvas that the pixels hold.
    """

    pixels: np.ndarray
    original: np.ndarray
    index: int | None
    label: int | None
    digit_id: str
    revision: int
    seen: int

    @property
    def is_edited(self) -> bool:
        """Whether the pixels differ from the original."""
        return not np.array_equal(self.pixels, self.original)

    @property
    def name(self) -> str:
        """What to call the digit in a heading."""
        name = "Your own digit" if self.index is None else f"Test digit {self.index}"
        return f"{name}, edited" if self.is_edited else name


@dataclass(frozen=True)
class Edit:
    """One step of the visitor's drawing and the network's answer to it."""

    pixels: np.ndarray
    answer: int
    confidence: float


@dataclass
class _Bench:
    """The drawing of one session; levels are (height, width) uint8.

    Attributes:
        index: the test digit chosen when the drawing was made; choosing another one ends it.
        own: the visitor's own digit before edits, or None while a test digit is edited.
        levels: with all edits, or None if there is none.
    """

    index: int
    own: np.ndarray | None = None
    levels: np.ndarray | None = None
    own_count: int = 0
    revision: int = 0
    seen: int = 0
    edits: list[Edit] = field(default_factory=list)


def model_name() -> str:
    """The name of the chosen model."""
    name: str = st.session_state.get(MODEL, next(iter(models.MODELS)))
    return name


def digit_index() -> int:
    """The index of the chosen test digit."""
    return int(st.session_state.get(DIGIT, DEFAULT_DIGIT))


def current_digit() -> CurrentDigit:
    """The digit that every page looks at."""
    bench, index = _bench(), digit_index()
    test = cache.split(models.get(model_name()).dataset, "test")
    original = test.images[index] if bench.own is None else _pixels(bench.own)
    is_own = bench.own is not None
    return CurrentDigit(
        pixels=original if bench.levels is None else _pixels(bench.levels),
        original=original,
        index=None if is_own else index,
        label=None if is_own else int(test.labels[index]),
        digit_id=f"own-{bench.own_count}" if is_own else f"test-{index}",
        revision=bench.revision,
        seen=bench.seen,
    )


def forget_unreadable_index() -> None:
    """Drop an index like 1e999 from a visitor's first address: Streamlit itself fails on it."""
    text = st.query_params.get(DIGIT, "0")
    if DIGIT not in st.session_state and not re.fullmatch("[0-9]{1,9}", text):
        del st.query_params[DIGIT]
        st.rerun()  # this run's widgets still read the address as it came


def choose_test_digit(index: int) -> None:
    """Make a test digit the current one, without edits, from the next run on.

    The index belongs to a widget, which may not be set once it is drawn: a callback's run follows
    by itself, elsewhere call st.rerun() afterwards.
    """
    st.session_state["wanted_digit"] = index


def apply_choice() -> None:
    """Carry out choose_test_digit; to be called before the widget of the index is drawn."""
    if "wanted_digit" in st.session_state:
        index = st.session_state.pop("wanted_digit")
        bench = _bench()
        st.session_state[DIGIT] = index
        _start_over(bench, index, own=None)


def use_own_digit(levels: np.ndarray) -> None:
    """Make a picture of the visitor's own the current digit.

    Args:
        levels: (height, width) uint8; 0 is empty, 255 full ink.
    """
    bench = _bench()
    bench.own_count += 1
    _start_over(bench, digit_index(), own=levels)


def return_to_test_digit() -> None:
    """Leave the visitor's own digit, or all edits, for the chosen test digit."""
    choose_test_digit(digit_index())


def take_drawing(levels: np.ndarray, sequence: int) -> None:
    """Take what the pen has drawn; the canvas already shows it.

    Args:
        levels: (height, width) uint8.
        sequence: of the update that brought it.
    """
    bench = _bench()
    bench.levels, bench.seen = levels, sequence


def set_drawing(levels: np.ndarray) -> None:
    """Set the pixels from Python; the canvas takes them as one more edit that can be undone."""
    bench = _bench()
    bench.levels = levels
    bench.revision += 1


def edits() -> list[Edit]:
    """The edits of the current digit, oldest first."""
    return _bench().edits


def remember_edit(edit: Edit) -> None:
    """Append an edit unless it repeats the last one; the oldest ones fall off the end."""
    known = _bench().edits
    if not known or not np.array_equal(known[-1].pixels, edit.pixels):
        known.append(edit)
        del known[:-MAX_EDITS]


def address_key() -> str:
    """The parameter of the address in which the canvas keeps the current drawing."""
    return EDITED if _bench().own is None else OWN


def write_address() -> None:
    """Bring the drawing's parameter of the address up to date, after a page change for example."""
    digit = current_digit()
    wanted = {}
    if digit.index is None or digit.is_edited:
        wanted[address_key()] = codec.to_text(colours.grey(digit.pixels))
    for key in (EDITED, OWN):
        if key in wanted and st.query_params.get(key) != wanted[key]:
            st.query_params[key] = wanted[key]
        elif key not in wanted and key in st.query_params:
            del st.query_params[key]


def get(key: str, default: Any = None) -> Any:
    """A value that a page keeps for this session."""
    return st.session_state.get(key, default)


def put(key: str, value: Any) -> None:
    """Keep a value of a page for this session."""
    st.session_state[key] = value


def _bench() -> _Bench:
    if "bench" not in st.session_state:
        st.session_state["bench"] = _bench_from_address()
    bench: _Bench = st.session_state["bench"]
    if bench.index != digit_index():
        _start_over(bench, digit_index(), own=None)
    return bench


def _bench_from_address() -> _Bench:
    bench = _Bench(digit_index())
    for key in (EDITED, OWN):
        try:
            levels = codec.from_text(st.query_params.get(key, ""))
        except ValueError:
            continue  # a mistyped or cut address: the test digit is shown instead
        bench.levels = levels
        bench.own = levels if key == OWN else None
    return bench


def _start_over(bench: _Bench, index: int, *, own: np.ndarray | None) -> None:
    bench.index, bench.own, bench.levels, bench.edits = index, own, None, []
    bench.revision += 1


def _pixels(levels: np.ndarray) -> np.ndarray:
    return (levels.astype(np.float32) / np.float32(255))[..., None]
