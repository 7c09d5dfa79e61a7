"""Words of the Neuron page that its views share with its tests."""

from __future__ import annotations

# Headings.
WEIGHTS = "Its weights"
ON_CURRENT = "On the current {noun}"
STRONGEST_IMAGES = "The training {noun}s that excite it most"
BY_CLASS = "Its activation, class by class"
PREFERRED = "The picture it would like best"
PULL = "Its pull on each class"
WEIGHT_TOWARDS = "Its weight towards each class"
SWITCHED_OFF = "Switched off"

# Its weights.
WEIGHTS_IMAGE = "The weights"
UNIT_WEIGHTS = "{count} weights, one for each unit of {source}"
KERNEL = "{height}×{width} weights on {channels}"
ONE_CHANNEL, SEVERAL_CHANNELS = "one channel", "each of {count} channels"

# Its map.
BEFORE, EDITED, CHANGE = "Before the edit", "Edited", "Change: red up, blue down"
CHANGED_BY = (
    "The edit changes this map by at most {most:.2f}; its largest value goes from {before:.2f} to "
    "{after:.2f}."
)

# The training pictures.
FIND_IMAGES = "Look for them"
SEES_FRAME, SEES_ALL = "The frame is what it sees of each. ", "It sees all of each. "

# The picture that it prefers.
PAINTED_ON = " on the {height}×{width} pixels that the middle of its map sees"
PREFERRED_IMAGE = "The picture that excites the neuron most"

# Its weight towards each class.
CLASS_ITSELF = "It is the value of a class itself: nothing comes behind it."
NO_SINGLE_WEIGHT = (
    "There is no single weight: a bend or a maximum lies between this neuron and the logits, so "
    "its pull depends on the picture."
)
EXACT_WEIGHTS = (
    "The exact weights: no bend lies between this neuron and the logits, so one more unit of "
    "activation{where} adds just this to each."
)

# The network without it.
OFF, MEAN = "Off: 0", "Its mean"
TEST_WITHOUT = "Test the network without it"
