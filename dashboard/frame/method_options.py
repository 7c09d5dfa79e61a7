"""Controls for the options of an attribution method."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from cnn_core.attribution import Method, Option
from dashboard import cache, session

MOST_SEED = 999


def options_of(method: Method) -> tuple[Option, ...]:
    """Return the options of a method, a patch in proportion to the network's pictures."""
    return method.options_for(picture_side())


def default_options(method: Method) -> cache.Options:
    """Return the first values of a method's controls."""
    return tuple((option.name, option.default) for option in options_of(method))


def option_controls(
    method: Method, *, images: Mapping[str, np.ndarray] | None = None
) -> cache.Options:
    """Show a control for each option of a method, in a row, and one for its seed if it has any.

    Args:
        method: Method of the options.
        images: More choices, by their names, of the options that take an image.
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
    """Show a number that tells one draw of a method's random numbers from the next."""
    session.in_address("seed", "seed", session.Number(0, MOST_SEED), 0)
    seed: int = column.number_input(
        "Seed",
        min_value=0,
        max_value=MOST_SEED,
        help=f"The same seed gives the same map; another one draws anew {method.random_part}.",
        key="seed",
        persist_state="session",
    )
    return seed


def option_control(column: DeltaGenerator, option: Option, key: str) -> Any:
    """Show a select box or a slider for one option.

    Args:
        column: Column of the control.
        option: Option, one of options_of().
        key: Key of the widget; each size of pictures keeps a setting of its own.
    """
    key = f"{key}_{picture_side()}"
    if option.choices:
        session.in_address(option.name, key, session.Choice(option.choices), option.choices[0])
        return column.selectbox(
            option.title, option.choices, help=option.help, key=key, persist_state="session"
        )
    kind = type(option.default)
    session.in_address(
        option.name, key, session.Number(option.minimum, option.maximum, kind), option.default
    )
    return column.slider(
        option.title,
        min_value=kind(option.minimum),
        max_value=kind(option.maximum),
        step=kind(option.step),
        help=option.help,
        key=key,
        persist_state="session",
    )


def picture_side() -> int:
    """Return the shorter side of the pictures of the chosen network, in pixels."""
    return min(session.dataset().image_shape[:2])
