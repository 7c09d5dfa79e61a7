"""How far a training has come, kept in a folder so that an interruption costs little."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from cnn_core.datasets import Split
from cnn_core.models import TrainingConfig

if TYPE_CHECKING:
    import keras

History = dict[str, list[float]]
Origin = dict[str, Any]


@dataclasses.dataclass
class Progress:
    """State of a training.

    Attributes:
        history: Loss, accuracy, val_loss and val_accuracy, a value for each epoch.
        best_epoch: The epoch whose weights are kept, from 1; 0 before the first.
        best_weights: Its weights.
        waited: Epochs since the last one that was better by min_change.
        seconds: Spent so far, over all sittings.
    """

    history: History = dataclasses.field(default_factory=dict)
    best_epoch: int = 0
    best_weights: list[np.ndarray] = dataclasses.field(default_factory=list)
    waited: int = 0
    seconds: float = 0.0

    @property
    def epochs(self) -> int:
        """Epochs done."""
        return len(self.history.get("loss", ()))


def origin_of(model: keras.Model, split: Split, config: TrainingConfig, seed: int) -> Origin:
    """Tell what a training comes from, as JSON gives it back.

    Args:
        model: Network with the weights of its builder.
        split: The whole training set.
        config: The recipe.
        seed: Seed of all that is random.
    """
    data = hashlib.sha256()
    for array in (split.images, split.labels):
        data.update(np.ascontiguousarray(array).data)
    facts = {
        "recipe": dataclasses.asdict(config),
        "seed": seed,
        "data_sha256": data.hexdigest(),
        "weight_shapes": [tuple(weight.shape) for weight in model.weights],
    }
    return dict(json.loads(json.dumps(facts)))


def save(model: keras.Model, progress: Progress, folder: Path, origin: Origin) -> None:
    """Write a checkpoint in place of the last one, so that one of the two is always whole.

    Args:
        model: Network as it is now, compiled.
        progress: Progress of its training.
        folder: The checkpoint.
        origin: Origin of the training.
    """
    # Everything is written aside, then the folders change places.
    aside, old = folder.with_name(f"{folder.name}.new"), folder.with_name(f"{folder.name}.old")
    shutil.rmtree(aside, ignore_errors=True)
    aside.mkdir(parents=True)
    model.save_weights(aside / "now.weights.h5")  # with the optimizer's state
    np.savez(aside / "best.npz", *progress.best_weights)
    facts = {k: v for k, v in vars(progress).items() if k != "best_weights"}
    facts["origin"] = origin
    (aside / "progress.json").write_text(json.dumps(facts), "utf-8")
    if folder.exists():
        shutil.rmtree(old, ignore_errors=True)
        folder.rename(old)
    aside.rename(folder)
    shutil.rmtree(old, ignore_errors=True)


def load(model: keras.Model, folder: Path | None, origin: Origin) -> Progress:
    """Return how far the training in a checkpoint has come, and give a network its state.

    Args:
        model: Compiled; it gets the weights and the optimizer's state.
        folder: The checkpoint, or None.
        origin: Origin of the training; a checkpoint of another origin counts for nothing.

    Returns:
        A fresh Progress, and the network as it was, if there is nothing to go on from.
    """
    if folder is None:
        return Progress()
    old = folder.with_name(f"{folder.name}.old")
    if old.exists() and not folder.exists():
        old.rename(folder)  # killed between the two renames
    if not folder.exists():
        return Progress()
    facts = json.loads((folder / "progress.json").read_text("utf-8"))
    if facts.pop("origin", None) != origin:
        return Progress()
    model.optimizer.build(model.trainable_variables)
    model.load_weights(folder / "now.weights.h5")
    with np.load(folder / "best.npz") as arrays:
        best = [arrays[f"arr_{i}"] for i in range(len(arrays.files))]
    return Progress(**facts, best_weights=best)
