"""Links to the Neuron page."""

from __future__ import annotations

import streamlit as st

from dashboard import session
from dashboard.figures.text import plain
from dashboard.frame import page_parts


def open_button(layer: str, channel: int, *, key: str) -> None:
    """Show a button that opens the page of a neuron."""
    if st.button(
        f"Open the dossier of {plain(layer)}, {channel}",
        key=key,
        icon=":material/clinical_notes:",
    ):
        open_neuron(layer, channel)


def open_neuron(layer: str, channel: int) -> None:
    """Leave for the page of a neuron."""
    model_name = session.model_name()
    session.put(f"neuron_layer_{model_name}", layer)
    session.put(channel_key(model_name, layer), channel)
    page_parts.go_to("neuron")


def channel_key(model_name: str, layer: str) -> str:
    """Return the key of the widget that holds the channel; each layer keeps one of its own."""
    return f"neuron_channel_{model_name}_{layer}"
