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
    """Recipe of a training.

    Attributes:
        batch_size: Images a step.
        epochs: Passes over the training part at most.
        learning_rate: The optimizer's rate at the start.
        validation_images: Images split off the end of the shuffled training set.
        optimizer: Adam, Nadam, RMSprop, plain SGD, Adagrad or Adadelta, as Keras has them.
        schedule: "cosine" takes the rate to 0 over all epochs, "constant" leaves it.
        monitor: Measure that says which epoch is the best; the weights of that epoch are kept.
        patience: Epochs without a better one after which training stops; None never stops.
        min_change: Least improvement of a better epoch that counts for the patience.
        loss: Cross-entropy, with integer labels or with one-hot ones, or the Kullback-Leibler
            divergence from the one-hot labels.
        augmentation: Random changes, new for every epoch; None leaves the images.
        departures: Departures from the published recipe, and why.
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
        name: The key of its registry.
        title: Title for people.
        description: Speciality of the network, in a sentence or two.
        source: Publication of the network.
        input_shape: (height, width, channels) of one image, in [0, 1].
        num_parameters: Number of parameters of the published network; a test holds the built one to
            it.
        build: Makes the network with fresh weights.
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
        dataset: A key of datasets.DATASETS.
        published_accuracy: Accuracy that the source states; None if the source states none.
        published_note: Data of the source's figure, if that is not the test set.
        compare_with: The network that tells most beside this one; what one published idea changes.
        training: The recipe.
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


@dataclass(frozen=True, kw_only=True)
class ModelCard:
    """Record of a training: how the shipped files of a network were made.

    Attributes:
        name: Key of MODELS.
        command: Command that made the files.
        seed: Seed of all that is random.
        dataset: Key of datasets.DATASETS.
        dataset_file: Name of the data set's file.
        dataset_sha256: SHA-256 of that file.
        weights_sha256: SHA-256 of the weights file.
        weights_dtype: Type of the numbers in the weights file.
        num_parameters: Number of parameters.
        test_accuracy: Accuracy on the test set, in [0, 1].
        test_accuracy_interval_95: Its 95% interval.
        published_accuracy: Accuracy that the source states, or None.
        epochs_run: Number of epochs.
        best_epoch: Epoch whose weights were kept, from 1.
        wall_time_seconds: Duration of the training.
        training: Recipe.
        notes: Sentences on the data and the published figure.
        golden_logits: (4, classes), the logits of golden_images().
        history: Loss and accuracy of both parts for each epoch.
        versions: Versions of Python and the libraries, by name.
    """

    name: str
    command: str
    seed: int
    dataset: str
    dataset_file: str
    dataset_sha256: str
    weights_sha256: str
    weights_dtype: str
    num_parameters: int
    test_accuracy: float
    test_accuracy_interval_95: tuple[float, float]
    published_accuracy: float | None
    epochs_run: int
    best_epoch: int
    wall_time_seconds: int
    training: TrainingConfig
    notes: tuple[str, ...]
    golden_logits: tuple[tuple[float, ...], ...]
    history: dict[str, list[float]]
    versions: dict[str, str]
