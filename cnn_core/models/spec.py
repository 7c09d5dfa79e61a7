"""The records of the registry: what is known of a network and how it is trained."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from cnn_core import datasets
from cnn_core.augmentation import Augmentation

if TYPE_CHECKING:
    import keras

Optimizer = Literal["adam", "nadam", "rmsprop", "sgd", "adagrad", "adadelta"]
Loss = Literal["sparse_categorical_crossentropy", "categorical_crossentropy", "kl_divergence"]


@dataclass(frozen=True, kw_only=True)
class TrainingConfig:
    """How a network is trained.

    Attributes:
        batch_size: images a step.
        epochs: passes over the training part at most.
        learning_rate: the optimizer's rate at the start.
        validation_images: images split off the end of the shuffled training set.
        optimizer: Adam, Nadam, RMSprop, plain SGD, Adagrad or Adadelta, as Keras has them.
        schedule: "cosine" takes the rate to 0 over all epochs, "constant" leaves it.
        monitor: what says which epoch is the best; its weights are kept.
        patience: epochs without a better one after which training stops; None never stops.
        min_change: by how much a better epoch must be better to count for the patience.
        loss: cross-entropy, with integer labels or with one-hot ones, or the Kullback-Leibler
            divergence from the one-hot labels.
        augmentation: random changes, new for every epoch; None leaves the images.
        departures: where this recipe differs from the published one, and why.
    """

    batch_size: int
    epochs: int
    learning_rate: float
    validation_images: int
    optimizer: Optimizer = "adam"
    schedule: Literal["constant", "cosine"] = "constant"
    monitor: Literal["val_loss", "val_accuracy"] = "val_accuracy"
    patience: int | None = None
    min_change: float = 0.0
    loss: Loss = "sparse_categorical_crossentropy"
    augmentation: Augmentation | None = None
    departures: str = ""


@dataclass(frozen=True, kw_only=True)
class Architecture:
    """A network that can be built and looked at.

    Attributes:
        name: the key of its registry.
        title: for people.
        description: what is special about it, in a sentence or two.
        source: where it was published.
        input_shape: (height, width, channels) of one image, in [0, 1].
        num_parameters: of the published network; a test holds the built one to it.
        build: makes the network with fresh weights.
    """

    name: str
    title: str
    description: str
    source: str
    input_shape: tuple[int, int, int]
    num_parameters: int
    build: Callable[[], keras.Model]


@dataclass(frozen=True, kw_only=True)
class ModelSpec(Architecture):
    """A network that is trained and shipped.

    Attributes:
        dataset: a key of datasets.DATASETS.
        published_accuracy: as its source states it; None if it states none.
        published_note: what the source's figure was measured on, if not on the test set.
        compare_with: the network that tells most beside this one; what one published idea changes.
        training: the recipe.
    """

    dataset: str
    published_accuracy: float | None
    published_note: str = ""
    compare_with: str = ""
    training: TrainingConfig

    @property
    def class_names(self) -> tuple[str, ...]:
        """The names of the classes, in the order of the logits."""
        return datasets.DATASETS[self.dataset].class_names
