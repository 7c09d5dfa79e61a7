"""Feature maps: what every layer makes of the picture."""

import numpy as np
import streamlit as st

from dashboard import cache, session
from dashboard.app_pages.feature_maps import charts
from dashboard.figures import colours, heatmaps, html, pictures
from dashboard.figures.text import plain
from dashboard.frame import loading, neuron_link, page_parts, pickers
from dashboard.widgets.linked_map import ColouredMap, Windows, linked_map
from dashboard.widgets.tiles import tiles

CURRENT, ORIGINAL, DIFFERENCE = "Current", "Original", "Difference"


def enlarge(channel: int, now: np.ndarray, before: np.ndarray, limit: float) -> None:
    """Show one feature map, large, with the receptive field of the unit under the pointer."""
    field = cache.receptive_field(model_name, layer)
    shown = maps_shown[..., channel]
    st.subheader(f"{plain(layer)}, channel {channel}", anchor=False)
    linked_map(
        ColouredMap(
            shown,
            colours.colourise(shown, is_signed=is_signed, limit=limit),
            title=view if image.is_edited else "Feature map",
            unit="activation",
            scale=(colours.ramp(is_signed, 32), -limit if is_signed else 0.0, limit),
        ),
        pictures.as_picture(image.original if view == ORIGINAL else image.pixels),
        Windows(field.tops(shown.shape[0]), field.lefts(shown.shape[1]), field.size),
        image_title=f"Receptive field, {field.size[0]}×{field.size[1]} pixels",
        key="unit_probe",
    )
    if image.is_edited:
        change = now[..., channel] - before[..., channel]
        st.caption(
            f"The edit changes this map by at most {np.abs(change).max():.2f}; its mean goes from "
            f"{before[..., channel].mean():.3f} to {now[..., channel].mean():.3f}."
        )
    neuron_link.open_button(layer, channel, key="open_map")


page_parts.intro(
    "Feature maps",
    "Every channel of a layer answers with a map: strong where it finds what it looks for. "
    f"Early layers still show the {session.dataset().noun}; deeper ones only parts of it. Click "
    "one to enlarge it.",
)
loading.require_network()
model_name, image = session.model_name(), session.current_image()
page_parts.note_blank(image)
maps = cache.feature_maps(model_name, image.pixels)
originals = cache.feature_maps(model_name, image.original)
convolutions, spatial = cache.layer_names(model_name)
# Layers without weights, such as flatten, only repeat the numbers of the layer before.
weighted = {described.layer for described in cache.weight_statistics(model_name)}
dense = tuple(key for key in maps if maps[key].ndim == 1 and key in weighted)

one, two = st.columns(2)
with one:
    layer = pickers.layer_picker(
        (*spatial, *dense), default=(*convolutions, *dense)[0], key="map_layer"
    )
with two:
    view = pickers.view_picker(
        "Show", (CURRENT, ORIGINAL, DIFFERENCE) if image.is_edited else (CURRENT,), key="map_view"
    )

if not convolutions:
    st.caption("This network has no convolution: its layers have units, which have no place.")
now, before = maps[layer], originals[layer]
if layer in dense:
    st.plotly_chart(
        charts.units(now, before if image.is_edited else None),
        config=heatmaps.CONFIG,
        alt=f"The outputs of {layer}",
    )
    st.caption(f"{len(now)} units, {int((now > 0).sum())} of them above 0.")
    unit = st.number_input("Unit", 0, len(now) - 1, int(now.argmax()), key=f"unit_of_{layer}")
    neuron_link.open_button(layer, int(unit), key="open_unit")
else:
    maps_shown = {CURRENT: now, ORIGINAL: before, DIFFERENCE: now - before}[view]
    is_signed = view == DIFFERENCE or bool((now < 0).any())
    limit = colours.limit_of(maps_shown)
    st.html(
        html.scale_of(
            limit,
            is_signed=is_signed,
            unit=f"activation, one scale for all {now.shape[-1]} maps "
            f"of {now.shape[0]}×{now.shape[1]}",
        )
    )
    chosen_key = f"channel_of_{layer}_in_{model_name}"
    chosen = session.get(chosen_key)
    strongest = int(maps_shown.std(axis=(0, 1)).argmax())
    picked = tiles(
        colours.colourise(np.moveaxis(maps_shown, -1, 0), is_signed=is_signed, limit=limit),
        [str(i) for i in range(now.shape[-1])],
        key=f"maps_{layer}",
        size=60,
        selected=strongest if chosen is None else chosen,
        descriptions=[f"{layer}, channel {i}" for i in range(now.shape[-1])],
    )
    if picked is not None:
        session.put(chosen_key, picked)
        st.rerun()
    enlarge(strongest if chosen is None else chosen, now, before, limit)
page_parts.next_page("feature_maps")
