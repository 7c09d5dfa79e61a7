"""The dossier of a neuron: a channel of a layer with feature maps, or a unit of a dense layer.

units         which neurons there are, how strongly they react
kernels       the weights that make a neuron
patches       the images that excite it most, and the part of each that it looks at
classes       how strongly it reacts to the images of each class
maximisation  the image that it would like best
switching     the network without it, and its weight towards each class
"""

from __future__ import annotations

from cnn_core.neurons.ablation import ablated_logits, class_effects, direct_weights
from cnn_core.neurons.class_responses import ClassResponse, responses_by_class
from cnn_core.neurons.maximisation import Maximised, maximise
from cnn_core.neurons.top_images import Patch, box_of, top_images, top_patches
from cnn_core.neurons.units import check_channel, neuron_layers, num_channels, unit_activations
from cnn_core.neurons.weights import Kernel, kernel

__all__ = [
    "ClassResponse",
    "Kernel",
    "Maximised",
    "Patch",
    "ablated_logits",
    "box_of",
    "check_channel",
    "class_effects",
    "direct_weights",
    "kernel",
    "maximise",
    "neuron_layers",
    "num_channels",
    "responses_by_class",
    "top_images",
    "top_patches",
    "unit_activations",
]
