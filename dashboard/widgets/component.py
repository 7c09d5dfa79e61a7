"""The door of the browser components: declares them, checks and packs what they are sent."""

from __future__ import annotations

import base64
from collections.abc import Container
from pathlib import Path

import numpy as np
import streamlit as st
from streamlit.components.v2.types import ComponentRenderer


def declare(folder: Path) -> ComponentRenderer:
    """Declare the component that a folder holds: one .html, one .css and one .js file.

    Args:
        folder: Folder of the files, named like the component.
    """
    kinds = ("html", "css", "js")
    html, css, js = (next(folder.glob(f"*.{kind}")).read_text("utf-8") for kind in kinds)
    return st.components.v2.component(f"cnn_lens_{folder.name}", html=html, css=css, js=js)


def declare_acknowledgement(folder: Path) -> ComponentRenderer:
    """Declare the component without elements that answers a folder's component by an event."""
    name = f"cnn_lens_{folder.name}_acknowledgement"
    js = f"""export default function ({{ data }}) {{
  window.dispatchEvent(new CustomEvent("{name.replace("_", "-")}", {{ detail: data }}));
}}
"""
    return st.components.v2.component(name, js=js)


def require(is_met: bool, expected: str, received: str) -> None:
    """Check an argument.

    Raises:
        ValueError: The condition is not met.
    """
    if not is_met:
        raise ValueError(f"Expected {expected}. Received: {received}")


def to_base64(array: np.ndarray) -> str:
    """Return the bytes of an array, row by row, as base64."""
    return base64.b64encode(np.ascontiguousarray(array).tobytes()).decode("ascii")


def clicked_number(clicked: object, numbers: Container[int]) -> int | None:
    """Return a number from the browser, which anybody may have written.

    Args:
        clicked: Value that the browser sent.
        numbers: Numbers that can be clicked.

    Returns:
        The number; None unless the value is one of the numbers.
    """
    if isinstance(clicked, int) and not isinstance(clicked, bool) and clicked in numbers:
        return clicked
    return None
