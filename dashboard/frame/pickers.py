"""Controls that return a class, a layer, a view or a cell of a confusion matrix."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

import plotly.graph_objects as go
import streamlit as st

from cnn_core import models
from dashboard import session
from dashboard.frame.charts import show_chart

View = TypeVar("View")

# Stands for no class in a class picker: a select box that holds None shows a cross to empty it.
NO_CLASS = -1


def class_picker(
    label: str, *, key: str, parameter: str, none_label: str, is_disabled: bool = False
) -> int | None:
    """Show a select box over the classes of the chosen network, with no class chosen at first.

    Args:
        label: Label of the picker.
        key: Key of the widget; its state is NO_CLASS for no class.
        parameter: Name of the setting in the address.
        none_label: None label of the first entry, which stands for no class.
        is_disabled: Shown, but of no use now.
    """
    names = models.get(session.model_name()).class_names
    options = [NO_CLASS, *range(len(names))]
    values = session.Choice(options, lambda i: "none" if i == NO_CLASS else names[i])
    session.in_address(parameter, key, values, NO_CLASS)
    if session.get(key) == NO_CLASS:
        session.put(key, NO_CLASS)  # else the browser goes on showing the label it had at first
    chosen: int = st.selectbox(
        label,
        options,
        format_func=lambda i: none_label if i == NO_CLASS else names[i],
        key=key,
        persist_state="session",
        disabled=is_disabled,
    )
    return None if chosen == NO_CLASS else chosen


def view_picker(
    label: str,
    views: Sequence[View],
    *,
    key: str,
    parameter: str = "view",
    name: Callable[[View], str] = str,
) -> View:
    """Show a choice of a few views, the first at first.

    Args:
        label: Label of the picker.
        views: Views to choose from.
        key: Key of the widget.
        parameter: Name of the setting in the address.
        name: Function that names a view.
    """
    session.in_address(parameter, key, session.Choice(views, name), views[0])
    chosen = st.segmented_control(
        label, views, format_func=name, key=key, required=True, persist_state="session"
    )
    return chosen if chosen is not None and chosen in views else views[0]


def matrix_picker(figure: go.Figure, *, key: str, alt: str) -> None:
    """Show a confusion matrix; a click sets two class pickers, a second empties them.

    Args:
        figure: Figure whose points carry the true class and the prediction.
        key: The pickers' keys are KEY_true and KEY_answer.
        alt: Text alternative.
    """
    pickers = f"{key}_true", f"{key}_answer"
    chosen = tuple(session.get(picker, NO_CLASS) for picker in pickers)
    # A new name for each choice: a chart forgets what was selected in it only with its name.
    chart = "_".join(map(str, (key, *chosen)))

    def taken() -> None:
        points = session.get(chart)["selection"]["points"]
        cell = tuple(points[0]["customdata"][:2]) if points else chosen
        for picker, index in zip(pickers, cell, strict=True):
            session.put(picker, NO_CLASS if cell == chosen else index)

    show_chart(
        figure,
        key=chart,
        on_select=taken,
        selection_mode="points",
        alt=alt,
    )


def layer_picker(
    layers: Sequence[str],
    *,
    default: str,
    key: str,
    label: str = "Layer",
    parameter: str = "layer",
    is_disabled: bool = False,
) -> str:
    """Show a choice of the network's layers; each network keeps a choice of its own."""
    key = f"{key}_{session.model_name()}"
    session.in_address(parameter, key, session.Choice(layers), default)
    chosen: str = st.selectbox(
        label,
        layers,
        key=key,
        persist_state="session",
        disabled=is_disabled,
    )
    return chosen
