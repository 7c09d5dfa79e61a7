"""What one visitor is looking at; the only user of session state and of the address.

The address carries the page, the model, the index of the test digit and, once something was
drawn, the pixels: a reload or a copied link shows the same. The index belongs to a widget
bound to the address; the model and the drawing are written here. A picture larger than a digit is
too long for an address: what is painted on it lasts through page changes, but not a reload.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
import streamlit as st

from cnn_core import datasets, models
from cnn_core.datasets import Background, Dataset
from cnn_core.errors import MissingFileError
from dashboard import cache, colours
from dashboard.canvas import codec

MODEL, DIGIT = "model", "digit"
_IS_CHOSEN, _MISSED = "model_is_chosen", "model_missed"
DEFAULT_DIGIT = 1
MAX_EDITS = 50
# The drawing's parameter in the address: an edited test digit, or a digit of the visitor's own.
EDITED, OWN = "ink", "own"
_MOST_IN_ADDRESS = 28 * 28


class PageModel(NamedTuple):
    """The model that a page begins with until the visitor chooses one, and why.

    Attributes:
        name: of the model.
        why: a sentence without its end.
    """

    name: str
    why: str


# On other pages the model stays as it was.
PAGE_MODELS = {
    "draw_and_erase": PageModel("robust", "it learnt to read digits as people draw them"),
    "one_vs_two": PageModel("study", "it is the network of the study"),
}


@dataclass(frozen=True)
class CurrentDigit:
    """The digit that every page looks at.

    Attributes:
        pixels: (height, width, channels) float32 in [0, 1], with all edits.
        original: the same before any edit.
        index: of the test digit, or None for the visitor's own.
        label: the true class, or None for the visitor's own.
        noun: what the picture shows, such as "digit".
        background: "paper" below strokes, or "photo".
        digit_id: names the original; edits keep it.
        revision: grows whenever Python, not the pen, sets the pixels.
        seen: number of the last update from the canvas that the pixels hold.
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
        """Whether the pixels differ from the original."""
        return not np.array_equal(self.pixels, self.original)

    @property
    def name(self) -> str:
        """What to call the digit in a heading."""
        name = f"Your own {self.noun}" if self.index is None else f"Test {self.noun} {self.index}"
        return f"{name}, edited" if self.is_edited else name


@dataclass(frozen=True)
class Edit:
    """One step of the visitor's drawing and the answer of a model to it."""

    pixels: np.ndarray
    model: str
    answer: int
    confidence: float


@dataclass
class _Bench:
    """The drawing of one session; levels are (height, width) or (height, width, 3) uint8.

    Attributes:
        dataset: of the model chosen when the drawing was made; one of another data set ends it.
        index: the test digit chosen when the drawing was made; choosing another one ends it.
        own: the visitor's own digit before edits, or None while a test digit is edited.
        levels: with all edits, or None if there is none.
    """

    dataset: str
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


def dataset() -> Dataset:
    """The data set of the chosen model."""
    return datasets.get(models.get(model_name()).dataset)


def settle_model(page: str, offered: Sequence[str]) -> None:
    """Settle the model of this run; to be called before its picker is drawn.

    Args:
        page: the page's name in the address.
        offered: names of the models to choose from.
    """
    named = st.query_params.get(MODEL)
    if _IS_CHOSEN not in st.session_state:
        st.session_state[_IS_CHOSEN] = named in offered
        st.session_state[_MISSED] = "" if named in offered else named
        st.session_state[MODEL] = named if named in offered else offered[0]
    if not st.session_state[_IS_CHOSEN] and page in PAGE_MODELS:
        st.session_state[MODEL] = _first_model(page, offered)


def why_begun_with(page: str) -> str:
    """Why the page begins with this model; empty if it does not, or the visitor chose."""
    first = PAGE_MODELS.get(page)
    if first is None or first.name != model_name() or st.session_state[_IS_CHOSEN]:
        return ""
    return first.why


def keep_model() -> None:
    """Take the picker's model for the visitor's own choice, which pages leave alone."""
    st.session_state[_IS_CHOSEN] = True
    st.session_state[_MISSED] = ""


def take_up_eraser() -> None:
    """Let the drawing page begin with the eraser in the hand, on the network looked at now.

    To be called from a callback.
    """
    keep_model()
    put("eraser_calls", eraser_calls() + 1)


def eraser_calls() -> int:
    """How often the eraser was to be taken up in this session."""
    return int(get("eraser_calls", 0))


def missed_model() -> str:
    """What the address named as a model and is not offered, until the visitor chooses one."""
    return st.session_state.get(_MISSED) or ""


def choose_model(name: str) -> None:
    """Make a model the chosen one; to be called from a callback."""
    st.session_state[MODEL] = name
    keep_model()


def _first_model(page: str, offered: Sequence[str]) -> str:
    wanted = PAGE_MODELS.get(page)
    return wanted.name if wanted is not None and wanted.name in offered else offered[0]


def digit_index() -> int:
    """The index of the chosen test digit."""
    return int(st.session_state.get(DIGIT, DEFAULT_DIGIT))


def shown_index() -> int | None:
    """The index of the test digit that is the current one, or None for the visitor's own."""
    return digit_index() if _bench().own is None else None


def current_digit() -> CurrentDigit:
    """The digit that every page looks at.

    Raises:
        MissingFileError: it is a test image and the data set is not on this machine.
    """
    bench, index = _bench(), digit_index()
    is_own = bench.own is not None
    if bench.own is None:
        original = cache.split(dataset().name, "test").images[index]
    else:
        original = _pixels(bench.own)
    return CurrentDigit(
        pixels=original if bench.levels is None else _pixels(bench.levels),
        original=original,
        index=None if is_own else index,
        label=None if is_own else int(cache.test_answers(model_name()).labels[index]),
        noun=dataset().noun,
        background=dataset().background,
        digit_id=f"{bench.dataset}-" + (f"own-{bench.own_count}" if is_own else f"test-{index}"),
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
        _start_over(bench, own=None)


def use_own_digit(levels: np.ndarray) -> None:
    """Make a picture of the visitor's own the current digit.

    Args:
        levels: uint8, (height, width) or (height, width, 3) as the model's data set has it.

    Raises:
        ValueError: levels have another shape.
    """
    height, width, channels = dataset().image_shape
    shape = (height, width) if channels == 1 else (height, width, channels)
    if levels.shape != shape:
        raise ValueError(f"Expected levels of shape {shape}. Received: levels.shape={levels.shape}")
    bench = _bench()
    bench.own_count += 1
    _start_over(bench, own=levels)


def return_to_test_digit() -> None:
    """Leave the visitor's own digit, or all edits, for the chosen test digit."""
    choose_test_digit(digit_index())


def take_drawing(levels: np.ndarray, sequence: int) -> None:
    """Take what the pen has drawn; the canvas already shows it.

    Args:
        levels: uint8, (height, width) or (height, width, 3).
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


def replace_edits(answered: list[Edit]) -> None:
    """Set the edits of the current digit, answered anew by another model for example."""
    _bench().edits = answered


def remember_edit(edit: Edit) -> None:
    """Append an edit unless it repeats the last one; the oldest ones fall off the end."""
    known = _bench().edits
    if not known or not np.array_equal(known[-1].pixels, edit.pixels):
        known.append(edit)
        del known[:-MAX_EDITS]


def address_key() -> str | None:
    """The parameter of the address that keeps the current drawing; None if it is too large."""
    if not _fits_address():
        return None
    return EDITED if _bench().own is None else OWN


def write_address(page: str, offered: Sequence[str]) -> None:
    """Bring the address up to date with model and drawing, after a page change for example.

    Args:
        page: the page's name in the address; its first model needs no mention.
        offered: names of the models to choose from.
    """
    is_plain = not st.session_state[_IS_CHOSEN] or model_name() == _first_model(page, offered)
    wanted = {} if is_plain else {MODEL: model_name()}
    with suppress(MissingFileError):  # a test picture that is not here is not drawn on
        wanted |= _drawing_in_address()
    changed = {key: text for key, text in wanted.items() if st.query_params.get(key) != text}
    if changed:
        st.query_params.update(changed)  # at once: each change is a step of the browser's history
    for key in {MODEL, EDITED, OWN} - wanted.keys():
        if key in st.query_params:
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
    if (bench.dataset, bench.index) != (dataset().name, digit_index()):
        _start_over(bench, own=None)
    return bench


def _bench_from_address() -> _Bench:
    bench = _Bench(dataset().name, digit_index())
    if not _fits_address():
        return bench
    for key in (EDITED, OWN):
        try:
            levels = codec.from_text(st.query_params.get(key, ""), dataset().image_shape[:2])
        except ValueError:
            continue  # a mistyped or cut address: the test digit is shown instead
        bench.levels = levels
        bench.own = levels if key == OWN else None
    return bench


def _start_over(bench: _Bench, *, own: np.ndarray | None) -> None:
    bench.dataset, bench.index = dataset().name, digit_index()
    bench.own, bench.levels, bench.edits = own, None, []
    bench.revision += 1


def _fits_address() -> bool:
    return math.prod(dataset().image_shape) <= _MOST_IN_ADDRESS


def _drawing_in_address() -> dict[str, str]:
    key, bench = address_key(), _bench()
    if key is None or (bench.own is None and bench.levels is None):
        return {}
    digit = current_digit()
    is_needed = digit.index is None or digit.is_edited
    return {key: codec.to_text(colours.as_picture(digit.pixels))} if is_needed else {}


def _pixels(levels: np.ndarray) -> np.ndarray:
    pixels = levels.astype(np.float32) / np.float32(255)
    return pixels if pixels.ndim == 3 else pixels[..., None]
