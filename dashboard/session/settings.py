"""The settings of a page in its address: what a copied link carries besides network and picture.

A control declares its parameter with in_address() before the control is shown. The address then
holds every value that differs from its default. A new visit takes the values of its address,
Back and Forward of the browser bring the values of then. Each page keeps its values in the session,
so a link of the navigation leads back to them.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from dashboard.session.address import PERMANENT

_PAGE, _DECLARED = "address_page", "address_declared"
_IS_READ, _KEPT = "address_is_read", "address_kept"
IGNORED = "The address asks for {parameter}={text}, which is no choice here. The default is shown."
_MOST = 60  # characters of a hostile value that a notice repeats


class Values(Protocol):
    """The values that a parameter can have, and how they are written."""

    def read(self, text: str) -> Any:
        """Return the value that a text stands for.

        Raises:
            ValueError: The text stands for no value.
        """

    def write(self, value: Any) -> str:
        """Return the text of a value."""


@dataclass(frozen=True)
class Choice:
    """One of a few options, written in small letters without blanks.

    Attributes:
        options: Options to choose from.
        name: Function that names an option; the name is what the address shows.
    """

    options: Sequence[Any]
    name: Callable[[Any], str] = str

    def read(self, text: str) -> Any:
        """Return the option of that name."""
        for option in self.options:
            if self.write(option) == text:
                return option
        raise ValueError(text)

    def write(self, value: Any) -> str:
        """Return the name of an option as the address shows it."""
        return _plain(self.name(value))


@dataclass(frozen=True)
class Several:
    """Any number of a few options, at least one, with dots between them.

    Attributes:
        options: Options to choose from; their order is that of the address.
    """

    options: Sequence[str]

    def read(self, text: str) -> list[str]:
        """Return the options of those names."""
        one = Choice(self.options)
        return list(dict.fromkeys(one.read(name) for name in text.split(".")))

    def write(self, value: Sequence[str]) -> str:
        """Return the names of the chosen options."""
        return ".".join(_plain(option) for option in self.options if option in value)


@dataclass(frozen=True)
class Number:
    """A number in a range.

    Attributes:
        minimum: Smallest value.
        maximum: Largest value.
        kind: int or float.
    """

    minimum: float
    maximum: float
    kind: Callable[[Any], Any] = int

    def read(self, text: str) -> Any:
        """Return the number."""
        value = self.kind(text) if re.fullmatch(r"-?[0-9]{1,9}(\.[0-9]{1,9})?", text) else math.nan
        if not self.minimum <= value <= self.maximum:
            raise ValueError(text)
        return value

    def write(self, value: Any) -> str:
        """Return the digits of a number."""
        return f"{value:g}"


@dataclass(frozen=True)
class Switch:
    """On or off, written 1 or 0."""

    def read(self, text: str) -> bool:
        """Return True for 1."""
        return Choice((False, True), lambda value: str(int(value))).read(text)

    def write(self, value: bool) -> str:
        """Return 1 for on."""
        return str(int(value))


def begin_page(page: str) -> None:
    """Note which page runs; to be called before any control is shown.

    A new visit, and Back and Forward of the browser, take the settings of the address. A link of
    the app brings the settings that the page had when the visitor left it.

    Args:
        page: Name of the page in the address.
    """
    is_new, is_history = _PAGE not in st.session_state, _is_history_navigation()
    if st.session_state.get(_PAGE) == page and not is_history:
        return
    is_read = is_new or is_history
    if is_read:
        st.session_state.setdefault(_KEPT, {})[page] = {}
    else:
        for parameter in st.query_params.keys() - PERMANENT:
            del st.query_params[parameter]
    st.session_state[_PAGE], st.session_state[_IS_READ] = page, is_read
    st.session_state[_DECLARED] = set()


def kept_settings() -> dict[str, str]:
    """Return the parameters of the page that runs, as they were when its controls ran last."""
    return dict(_kept())


def in_address(parameter: str, key: str, values: Values, default: Any) -> None:
    """Keep a setting in the address; to be called before its control is shown.

    The control begins with the value in the session, so a default of its own would be ignored.

    Args:
        parameter: Name in the address, one word, the only one of this name on its page.
        key: Key of the control, or of the value, in the session.
        values: Values that the control offers now.
        default: Value that the control begins with; the address leaves this value out.
    """
    declared: set[tuple[str, str]] = st.session_state[_DECLARED]
    if st.session_state[_IS_READ] and parameter not in {name for name, _ in declared}:
        _take(parameter, key, values, default)
    declared.add((parameter, key))
    value = st.session_state.setdefault(key, default)
    if value == default:
        _kept().pop(parameter, None)
        if parameter in st.query_params:
            del st.query_params[parameter]
        return
    text = _kept()[parameter] = values.write(value)
    if st.query_params.get(parameter) != text:
        st.query_params[parameter] = text


def _kept() -> dict[str, str]:
    found: dict[str, str] = st.session_state[_KEPT].setdefault(st.session_state[_PAGE], {})
    return found


def _take(parameter: str, key: str, values: Values, default: Any) -> None:
    """Take the value of the address, once in a visit of a page."""
    text = st.query_params.get(parameter)
    if text is None:
        if _is_history_navigation():
            st.session_state[key] = default
        return
    try:
        st.session_state[key] = values.read(text)
    except ValueError:
        st.toast(IGNORED.format(parameter=parameter, text=_plain(text)[:_MOST]), duration="long")


def _is_history_navigation() -> bool:
    """Return True if the visitor came by Back or Forward of the browser."""
    context = get_script_run_ctx()
    return context is not None and context.is_history_navigation


def _plain(name: str) -> str:
    return re.sub(r"[^\w\-]+", "_", name).strip("_").lower()
