"""The dossier of a neuron: a channel of a layer with feature maps, or a unit of a dense layer.

units         which neurons there are, how strongly they react
kernels       the weights that make a neuron
patches       the images that excite it most, and the part of each that it looks at
classes       how strongly it reacts to the images of each class
maximisation  the image that it would like best
switching     the network without it, and its weight towards each class
"""

from __future__ import annotations

from cnn_core.neurons.classes import ClassReaction, reactions_by_class
from cnn_core.neurons.kernels import Kernel, kernel
from cnn_core.neurons.maximisation import Maximised, maximise
from cnn_core.neurons.patches import Patch, box_of, strongest_images, strongest_patches
from cnn_core.neurons.switching import class_effects, direct_weights, switched_logits
from cnn_core.neurons.units import check, neuron_layers, num_channels, reactions

__all__ = [
    "ClassReaction",
    "Kernel",
    "Maximised",
    "Patch",
    "box_of",
    "check",
    "class_effects",
    "direct_weights",
    "kernel",
    "maximise",
    "neuron_layers",
    "num_channels",
    "reactions",
    "reactions_by_class",
    "strongest_images",
    "strongest_patches",
    "switched_logits",
]
