"""The maps of one layer as tiles, one map enlarged, and the units of a dense layer."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import streamlit as st

from dashboard import cache, session
from dashboard.app_pages.feature_maps import charts
from dashboard.figures import colours, html, pictures
from dashboard.figures.text import plain
from dashboard.frame import neuron_link
from dashboard.frame.charts import show_chart
from dashboard.session import CurrentImage
from dashboard.widgets.linked_map import ColouredMap, Windows, linked_map
from dashboard.widgets.tiles import tiles

CURRENT, ORIGINAL, DIFFERENCE = "Current", "Original", "Difference"
MAP_TITLE = "Feature map"
NO_CONVOLUTION = "This network has no convolution: its layers have units, which have no place."


@dataclass(frozen=True)
class LayerOutput:
    """Output of one layer for the current picture, and for the original.

    Attributes:
        model_name: Network of the layer.
        image: Current picture.
        layer: Name of the layer.
        now: (height, width, channels) or (units,) for the current picture.
        before: The same for the original.
        view: CURRENT, ORIGINAL or DIFFERENCE.
    """

    model_name: str
    image: CurrentImage
    layer: str
    now: np.ndarray
    before: np.ndarray
    view: str

    @property
    def shown(self) -> np.ndarray:
        """The output that the view shows."""
        if self.view == DIFFERENCE:
            return self.now - self.before
        return self.before if self.view == ORIGINAL else self.now

    @property
    def is_signed(self) -> bool:
        """True if values below 0 have a meaning."""
        return self.view == DIFFERENCE or bool((self.now < 0).any())


def show_units(output: LayerOutput) -> None:
    """Show the outputs of a dense layer as bars."""
    layer, now = output.layer, output.now
    show_chart(
        charts.units(now, output.before if output.image.is_edited else None),
        alt=f"The outputs of {layer}",
    )
    st.caption(f"{len(now)} units, {int((now > 0).sum())} of them above 0.")
    key, largest = f"unit_of_{layer}", int(now.argmax())
    session.in_address("unit", key, session.Number(0, len(now) - 1), largest)
    unit = st.number_input(
        "Unit", min_value=0, max_value=len(now) - 1, key=key, persist_state="session"
    )
    neuron_link.open_button(layer, int(unit), key="open_unit")


def show_maps(output: LayerOutput) -> None:
    """Show every map of a layer as a tile, and the chosen map enlarged."""
    layer, now, shown = output.layer, output.now, output.shown
    limit = colours.limit_of(shown)
    st.html(
        html.scale_of(
            limit,
            is_signed=output.is_signed,
            unit=f"activation, one scale for all {now.shape[-1]} maps "
            f"of {now.shape[0]}×{now.shape[1]}",
        )
    )
    chosen_key = f"channel_of_{layer}_in_{output.model_name}"
    session.in_address("channel", chosen_key, session.Number(0, now.shape[-1] - 1), None)
    chosen = session.get(chosen_key)
    strongest = int(shown.std(axis=(0, 1)).argmax())
    picked = tiles(
        colours.colourise(np.moveaxis(shown, -1, 0), is_signed=output.is_signed, limit=limit),
        [str(i) for i in range(now.shape[-1])],
        key=f"maps_{layer}",
        size=60,
        selected=strongest if chosen is None else chosen,
        descriptions=[f"{layer}, channel {i}" for i in range(now.shape[-1])],
    )
    if picked is not None:
        session.put(chosen_key, picked)
        st.rerun()
    _enlarge(output, strongest if chosen is None else chosen, limit)


def _enlarge(output: LayerOutput, channel: int, limit: float) -> None:
    """Show one map, large, with the receptive field of the unit under the pointer."""
    image, is_signed = output.image, output.is_signed
    field = cache.receptive_field(output.model_name, output.layer)
    shown = output.shown[..., channel]
    st.subheader(f"{plain(output.layer)}, channel {channel}", anchor=False)
    linked_map(
        ColouredMap(
            shown,
            colours.colourise(shown, is_signed=is_signed, limit=limit),
            title=output.view if image.is_edited else MAP_TITLE,
            unit="activation",
            scale=(colours.ramp(is_signed, 32), -limit if is_signed else 0.0, limit),
        ),
        pictures.as_picture(image.original if output.view == ORIGINAL else image.pixels),
        Windows(field.tops(shown.shape[0]), field.lefts(shown.shape[1]), field.size),
        image_title=f"Receptive field, {field.size[0]}×{field.size[1]} pixels",
        key="unit_probe",
    )
    if image.is_edited:
        now, before = output.now[..., channel], output.before[..., channel]
        st.caption(
            f"The edit changes this map by at most {np.abs(now - before).max():.2f}; its mean goes "
            f"from {before.mean():.3f} to {now.mean():.3f}."
        )
    neuron_link.open_button(output.layer, channel, key="open_map")
