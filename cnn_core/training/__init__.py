"""Training: a recipe followed, interrupted and gone on with, and what is shipped of it.

checkpoint  Progress, how far a training has come, and the folder that keeps it
loop        split_validation(), train(): the epochs
shipping    train_pretrained(), ship(): a row of MODELS, with its weights, answers and card

`python -m cnn_core.training NAME` trains a network and ships it.
"""

from __future__ import annotations

from cnn_core.models import TrainingConfig
from cnn_core.training.checkpoint import History, Progress
from cnn_core.training.loop import split_validation, train
from cnn_core.training.shipping import PRECISIONS, ship, train_pretrained

__all__ = [
    "PRECISIONS",
    "History",
    "Progress",
    "TrainingConfig",
    "ship",
    "split_validation",
    "train",
    "train_pretrained",
]
