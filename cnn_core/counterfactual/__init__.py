"""What would have to be different for another answer, and what for the same one.

smallest_edit() is the door: the fewest strokes of pen and eraser that turn the answer.
pertinent_positives() and pertinent_negatives() say what has to be there, and what has to stay
empty, for the answer that is given.
"""

from cnn_core.counterfactual.pertinent import (
    PertinentNegatives,
    PertinentPositives,
    pertinent_negatives,
    pertinent_positives,
)
from cnn_core.counterfactual.smallest_edit import KINDS, MOST_STROKES, SmallestEdit, smallest_edit

__all__ = [
    "KINDS",
    "MOST_STROKES",
    "PertinentNegatives",
    "PertinentPositives",
    "SmallestEdit",
    "pertinent_negatives",
    "pertinent_positives",
    "smallest_edit",
]
