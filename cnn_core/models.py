"""The networks: rows in MODELS, how each is built, and the files shipped with it.

Every network is a Functional graph with named layers whose last layer, `logits`, has no softmax.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from cnn_core import datasets
from cnn_core.errors import MissingFileError, UnknownNameError

if TYPE_CHECKING:
    import keras

PRETRAINED = Path(__file__).resolve().parents[1] / "pretrained"


@dataclass(frozen=True)
class TrainingConfig:
    """How a network is trained.

    Attributes:
        batch_size: images a step.
        epochs: passes over the training part at most.
        learning_rate: Adam's rate at the start; cosine decay takes it to 0 over all epochs.
        validation_images: images split off the end of the shuffled training set.
        patience: epochs without a better validation loss after which training stops; the weights
            of the best epoch are kept.
    """

    batch_size: int
    epochs: int
    learning_rate: float
    validation_images: int
    patience: int


@dataclass(frozen=True)
class ModelSpec:
    """One network: what it is, where it comes from, how it is built and trained.

    Attributes:
        num_parameters: of the published network; a test holds the built one to it.
        published_accuracy: on the test set, as its source states it.
        build: makes the network with fresh weights.
    """

    name: str
    title: str
    description: str
    source: str
    dataset: str
    num_parameters: int
    published_accuracy: float
    training: TrainingConfig
    build: Callable[[], keras.Model]

    @property
    def input_shape(self) -> tuple[int, int, int]:
        """(height, width, channels) of one image."""
        return datasets.DATASETS[self.dataset].image_shape

    @property
    def class_names(self) -> tuple[str, ...]:
        """The names of the classes, in the order of the logits."""
        return datasets.DATASETS[self.dataset].class_names


def _build_study() -> keras.Model:
    from keras import Input, Model, layers

    inputs = Input((28, 28, 1), name="image")
    x = layers.Conv2D(32, 3, activation="relu", name="conv1")(inputs)
    x = layers.Conv2D(64, 3, activation="relu", name="conv2")(x)
    x = layers.MaxPooling2D(2, name="pool")(x)
    x = layers.Dropout(0.25, name="dropout1")(x)
    x = layers.Flatten(name="flatten")(x)
    x = layers.Dense(128, activation="relu", name="dense")(x)
    x = layers.Dropout(0.5, name="dropout2")(x)
    return Model(inputs, layers.Dense(10, name="logits")(x), name="study")


MODELS = {
    spec.name: spec
    for spec in (
        ModelSpec(
            name="study",
            title="One-versus-two network",
            description="Two convolutions, one pooling and two dense layers: the network whose "
            "attention the one-versus-two study examines.",
            source="The one-versus-two study",
            dataset="mnist",
            num_parameters=1_199_882,
            published_accuracy=0.9922,
            training=TrainingConfig(
                batch_size=128, epochs=20, learning_rate=1e-3, validation_images=5_000, patience=5
            ),
            build=_build_study,
        ),
    )
}


def get(name: str) -> ModelSpec:
    """Return the row of a network.

    Raises:
        UnknownNameError: no network has this name.
    """
    if name not in MODELS:
        raise UnknownNameError(f"There is no model {name!r}. Choose one of: {', '.join(MODELS)}.")
    return MODELS[name]


def build(name: str) -> keras.Model:
    """Build a network with fresh weights.

    Raises:
        UnknownNameError: no network has this name.
    """
    return get(name).build()


def load_pretrained(name: str) -> keras.Model:
    """Build a network and load the weights shipped for it.

    Raises:
        UnknownNameError: no network has this name.
        MissingFileError: the weights are absent or are not those that the card describes.
    """
    model = build(name)
    path = weights_path(name)
    if not path.is_file() or sha256(path) != load_card(name).get("weights_sha256"):
        raise _missing(name, path)
    model.load_weights(path)
    return model


def load_card(name: str) -> dict[str, Any]:
    """Return what was recorded when the shipped weights were trained.

    The card holds the command, seed, data checksum, library versions, wall time, the history of
    loss and accuracy for each epoch, and the accuracy on the test set.

    Raises:
        UnknownNameError: no network has this name.
        MissingFileError: the card is absent or damaged.
    """
    path = PRETRAINED / f"{get(name).name}.json"
    try:
        card: dict[str, Any] = dict(json.loads(path.read_text("utf-8")))
    except (OSError, ValueError, TypeError) as error:
        raise _missing(name, path) from error
    return card


def load_test_logits(name: str) -> np.ndarray:
    """Return the logits of the whole test set, computed from the shipped weights.

    Returns:
        (n, classes) float32, in the order of the data set's test split.

    Raises:
        UnknownNameError: no network has this name.
        MissingFileError: the file is absent or damaged.
    """
    path = PRETRAINED / f"{get(name).name}.predictions.npz"
    try:
        with path.open("rb") as file, np.load(file) as arrays:
            logits: np.ndarray = arrays["logits"]
    except Exception as error:  # a damaged archive raises BadZipFile, zlib.error and many more
        raise _missing(name, path) from error
    return logits


def weights_path(name: str) -> Path:
    """The file that holds the shipped weights of a network."""
    return PRETRAINED / f"{name}.weights.h5"


def sha256(path: Path) -> str:
    """The SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _missing(name: str, path: Path) -> MissingFileError:
    return MissingFileError(
        f"{path.name} is missing or damaged; restore it with `git checkout pretrained` or train "
        f"the network again with `python -m cnn_core.training {name}`."
    )
