"""Neuron: all there is to know of one channel or unit of the network."""

import streamlit as st

from dashboard import cache, session
from dashboard.app_pages.neuron import cached, views
from dashboard.app_pages.neuron.effects import places, show_ablation, show_direct, show_effects
from dashboard.app_pages.neuron.views import ChosenNeuron
from dashboard.figures.text import plain
from dashboard.frame import loading, neuron_link, page_parts, pickers


def strongest(layer: str) -> int:
    """Return the neuron of a layer with the largest activation for the current picture."""
    if image is None:
        return 0
    values = cache.feature_maps(model_name, image.pixels)[layer]
    return int(values.max(axis=tuple(range(values.ndim - 1))).argmax())


def pick() -> ChosenNeuron:
    """Show the pickers of layer and channel; at first the strongest neuron of the first layer."""
    layers = cached.layers(model_name)
    convolutions, spatial = cache.layer_names(model_name)
    dense = [layer for layer in layers if layer not in spatial]
    one, two, three = st.columns([3, 2, 3], vertical_alignment="bottom")
    with one:
        layer = pickers.layer_picker(
            tuple(layers), default=(*convolutions, *dense)[0], key="neuron_layer"
        )
    key, count = neuron_link.channel_key(model_name, layer), layers[layer]
    first = strongest(layer)
    session.in_address("channel", key, session.Number(0, count - 1), first)
    if not 0 <= session.get(key) < count:
        session.put(key, first)
    label = "Channel" if layer in spatial else "Unit"
    channel = two.number_input(label, 0, count - 1, key=key, persist_state="session")
    three.button(
        f"Strongest on this {noun}",
        key="strongest_neuron",
        help=f"The {label.lower()} of {plain(layer)} that reacts most to the current {noun}",
        on_click=lambda: session.put(key, strongest(layer)),
        disabled=image is None,
    )
    return ChosenNeuron(model_name, layer, int(channel), layer in spatial)


noun = session.dataset().noun
page_parts.intro(
    "Neuron",
    f"The dossier of one neuron: a channel, which answers with a map, or a unit, which answers "
    f"with a number. What it looks for, which {noun}s excite it, and what the network would say "
    "without it.",
)
loading.require_network()
model_name, image = session.model_name(), None
with page_parts.readable_errors():  # its weights are here without the pictures too
    image = session.current_image()
    page_parts.note_blank(image)

neuron = pick()
left, right = st.columns([4, 7], gap="large")
with left:
    views.show_weights(neuron)
with right:
    if image is not None:
        views.show_activation(neuron, image)
patches = st.container()
left, right = st.columns([6, 5], gap="large")
with right:
    views.show_maximised(neuron)
effects, weights = places(neuron)
with weights:
    show_direct(neuron)
if image is not None:
    with page_parts.readable_errors():  # of a picture of one's own without the data set's
        with patches:
            views.show_patches(neuron)
        with left:
            views.show_classes(neuron)
        with effects:
            show_effects(neuron)
        show_ablation(neuron, image)
page_parts.next_page("neuron")
