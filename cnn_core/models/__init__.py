"""The networks: rows in MODELS and UNTRAINED, how each is built, and the files shipped with them.

Every network is a Functional graph with named layers whose last layer, `logits`, has no softmax.
Images go in as pixels in [0, 1]; what a network needs besides (another range, padding) is its own
first layer.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import numpy as np

from cnn_core.errors import MissingFileError, UnknownNameError
from cnn_core.models import cifar, classics, digits, signs
from cnn_core.models.spec import Architecture, ModelCard, ModelSpec, TrainingConfig

if TYPE_CHECKING:
    import keras

__all__ = [
    "MODELS",
    "PRETRAINED",
    "UNTRAINED",
    "Architecture",
    "ModelCard",
    "ModelSpec",
    "ShippedAnswers",
    "TrainingConfig",
]

PRETRAINED = Path(__file__).resolve().parents[2] / "pretrained"

MODELS = {row.name: row for row in (*digits.ROWS, *cifar.ROWS, *signs.ROWS)}
UNTRAINED = {row.name: row for row in (*classics.UNTRAINED, *cifar.UNTRAINED)}


@dataclass(frozen=True)
class ShippedAnswers:
    """Logits of a shipped network for the whole test set, and the true labels.

    Attributes:
        logits: (n, classes) float32, in the order of the data set's test split.
        labels: (n,) int64.
    """

    logits: np.ndarray
    labels: np.ndarray


def get(name: str) -> ModelSpec:
    """Return the row of a trained network.

    Raises:
        UnknownNameError: No network has this name.

    Example:
        >>> get("study").dataset
        'mnist'
    """
    if name not in MODELS:
        raise UnknownNameError(f"There is no model {name!r}. Choose one of: {', '.join(MODELS)}.")
    return MODELS[name]


def architecture(name: str) -> Architecture:
    """Return the row of any network, trained or not.

    Raises:
        UnknownNameError: No network has this name.
    """
    return UNTRAINED[name] if name in UNTRAINED else get(name)


def build(name: str) -> keras.Model:
    """Build a network, trained or not, with fresh weights.

    Raises:
        UnknownNameError: No network has this name.
    """
    return architecture(name).build()


def load_pretrained(name: str) -> keras.Model:
    """Build a network and load the weights shipped for it.

    Raises:
        UnknownNameError: No network has this name.
        MissingFileError: The weights are absent or are not those that the card describes.

    Example:
        >>> load_pretrained("study").output_shape
        (None, 10)
    """
    spec = get(name)
    path = weights_path(name)
    if not path.is_file() or sha256(path) != load_card(name).weights_sha256:
        raise _missing(name, path)
    model = spec.build()
    model.load_weights(path)
    return model


def load_card(name: str) -> ModelCard:
    """Return what was recorded when the shipped weights were trained.

    Raises:
        UnknownNameError: No network has this name.
        MissingFileError: The card is absent or damaged.
    """
    path = PRETRAINED / f"{get(name).name}.json"
    try:
        return msgspec.convert(json.loads(path.read_text("utf-8")), ModelCard)
    except (OSError, ValueError, msgspec.MsgspecError) as error:
        raise _missing(name, path) from error


def weights_sha256(name: str) -> str:
    """Return the SHA-256 of a network's shipped weights, as its card says.

    Raises:
        UnknownNameError: No network has this name.
        MissingFileError: The card is absent or damaged.
    """
    return load_card(name).weights_sha256


def load_test_answers(name: str) -> ShippedAnswers:
    """Return the answers to the whole test set, computed from the shipped weights.

    They need neither TensorFlow nor the data set's files.

    Raises:
        UnknownNameError: No network has this name.
        MissingFileError: The file is absent or damaged.
    """
    path = PRETRAINED / f"{get(name).name}.predictions.npz"
    try:
        with path.open("rb") as file, np.load(file) as arrays:
            answers = ShippedAnswers(arrays["logits"], arrays["labels"].astype(np.int64))
    except Exception as error:  # a damaged archive raises BadZipFile, zlib.error and many more
        raise _missing(name, path) from error
    return answers


def golden_images(input_shape: tuple[int, int, int]) -> np.ndarray:
    """Return the four fixed images whose logits every card holds; they need no data set.

    Returns:
        (4, *input_shape) float32 in [0, 1]: noise, always the same.
    """
    return np.random.default_rng(20).random((4, *input_shape), np.float32)


def is_trained(name: str) -> bool:
    """Return True if the shipped files of a network are there; damage is not looked for."""
    return all(
        (PRETRAINED / f"{get(name).name}.{kind}").is_file()
        for kind in ("weights.h5", "json", "predictions.npz")
    )


def weights_path(name: str) -> Path:
    """Return the path of the shipped weights of a network."""
    return PRETRAINED / f"{name}.weights.h5"


def sha256(path: Path) -> str:
    """Compute the SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _missing(name: str, path: Path) -> MissingFileError:
    return MissingFileError(
        f"{path.name} is missing or damaged; restore it with `git checkout pretrained` or train "
        f"the network again with `python -m cnn_core.training {name}`."
    )
