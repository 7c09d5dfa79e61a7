"""Neuron: all there is to know of one channel or unit of the network."""

import streamlit as st

from dashboard import cache, components, neuron_effects, neuron_view, state
from dashboard.cache import neurons as known
from dashboard.neuron_view import Chosen


def strongest(layer: str) -> int:
    """The neuron of a layer that reacts most to the current picture."""
    if digit is None:
        return 0
    values = cache.feature_maps(name, digit.pixels)[layer]
    return int(values.max(axis=tuple(range(values.ndim - 1))).argmax())


def pick() -> Chosen:
    """The pickers of layer and channel; at first the strongest neuron of the first layer."""
    layers = known.layers(name)
    convolutions, spatial = cache.layer_names(name)
    dense = [layer for layer in layers if layer not in spatial]
    one, two, three = st.columns([3, 2, 3], vertical_alignment="bottom")
    with one:
        layer = components.layer_picker(
            tuple(layers), default=(*convolutions, *dense)[0], key="neuron_layer"
        )
    key, count = neuron_view.channel_key(name, layer), layers[layer]
    if not 0 <= state.get(key, -1) < count:
        state.put(key, strongest(layer))
    label = "Channel" if layer in spatial else "Unit"
    channel = two.number_input(label, 0, count - 1, key=key, persist_state="session")
    three.button(
        f"Strongest on this {noun}",
        help=f"The {label.lower()} of {layer} that reacts most to the current {noun}",
        on_click=lambda: state.put(key, strongest(layer)),
        disabled=digit is None,
    )
    return Chosen(name, layer, int(channel), layer in spatial)


noun = state.dataset().noun
components.intro(
    "Neuron",
    f"The dossier of one neuron: a channel, which answers with a map, or a unit, which answers "
    f"with a number. What it looks for, which {noun}s excite it, and what the network would say "
    "without it.",
)
components.require_network()
name, digit = state.model_name(), None
with components.readable_errors():  # its weights are here without the pictures too
    digit = state.current_digit()
    components.note_blank(digit)

neuron = pick()
left, right = st.columns([4, 7], gap="large")
with left:
    neuron_view.show_weights(neuron)
with right:
    if digit is not None:
        neuron_view.show_reaction(neuron, digit)
patches = st.container()
left, right = st.columns([6, 5], gap="large")
with right:
    neuron_view.show_maximised(neuron)
effects, weights = neuron_effects.places(neuron)
with weights:
    neuron_effects.show_direct(neuron)
if digit is not None:
    with components.readable_errors():  # of a picture of one's own without the data set's
        with patches:
            neuron_view.show_patches(neuron)
        with left:
            neuron_view.show_classes(neuron)
        with effects:
            neuron_effects.show_effects(neuron)
        neuron_effects.show_switched(neuron, digit)
components.next_page("app_pages/embedding.py", "Next: where the network puts it among the others")
