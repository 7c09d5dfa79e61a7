"""The one-factor experiments that led to the tuned network: one row each in EXPERIMENTS."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from cnn_core.errors import UnknownNameError

Measure = Literal["val_accuracy", "val_loss"]


@dataclass(frozen=True)
class Point:
    """One setting of the factor.

    Attributes:
        label: Label for people, and the name of the point within its experiment.
        network: Changes of the network: keyword arguments of its builder.
        training: Changes of the training: fields of TrainingConfig.
    """

    label: str
    network: Mapping[str, Any] = field(default_factory=dict)
    training: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Size:
    """Size of an experiment.

    Attributes:
        images: Training digits that a network learns from, drawn anew for each seed.
        validation_images: Other training digits that it is measured on; never test digits.
        epochs: Passes over the images.
        num_seeds: Repetitions, with seeds from 0 on; the same for every point.
        precision: "float32", or "mixed_bfloat16" to compute in bfloat16 and keep float32 weights.
    """

    images: int = 4_000
    validation_images: int = 3_000
    epochs: int = 5
    num_seeds: int = 3
    precision: Literal["float32", "mixed_bfloat16"] = "float32"


@dataclass(frozen=True, kw_only=True)
class Experiment:
    """One factor, the settings tried, and what the source found.

    Attributes:
        name: The key of EXPERIMENTS.
        title: Title for people.
        factor: Difference between the points, for an axis.
        question: That the experiment answers.
        published: Finding of the source, in our words.
        published_best: The label of the point that the source chose; None if it names none.
        published_values: The source's measure at each point, where it gives figures.
        points: The settings.
        measure: Measure that decides; higher accuracy or lower loss is better.
        kind: "training" compares whole trainings; "range_test" raises the rate within one short
            run, and a point's learning_rate is the best one that the source read off.
        builder: A key of experiments.BUILDERS.
        is_ordered: True if the points are steps of one quantity.
        keeps_weights: True if histograms of the trained weights are kept.
        size: Size of the experiment.
        remark: Remark that helps to read the figures.
    """

    name: str
    title: str
    factor: str
    question: str
    published: str
    published_best: str | None
    points: tuple[Point, ...]
    published_values: tuple[float, ...] | None = None
    measure: Measure = "val_accuracy"
    kind: Literal["training", "range_test"] = "training"
    builder: Literal["cnn", "strided"] = "cnn"
    is_ordered: bool = True
    keeps_weights: bool = False
    size: Size = field(default_factory=Size)
    remark: str = ""

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels of the points."""
        return tuple(point.label for point in self.points)


def get(name: str) -> Experiment:
    """Return the row of an experiment.

    Raises:
        UnknownNameError: No experiment has this name.
    """
    if name not in EXPERIMENTS:
        raise UnknownNameError(
            f"There is no experiment {name!r}. Choose one of: {', '.join(EXPERIMENTS)}."
        )
    return EXPERIMENTS[name]


def _networks(keyword: str, values: tuple[Any, ...], **fixed: Any) -> tuple[Point, ...]:
    """Points that differ in one argument of the network's builder."""
    return tuple(Point(str(value), network={keyword: value, **fixed}) for value in values)


def _trainings(keyword: str, values: tuple[Any, ...]) -> tuple[Point, ...]:
    """Points that differ in one field of TrainingConfig."""
    return tuple(Point(str(value), training={keyword: value}) for value in values)


_OPTIMIZERS = tuple(
    Point(label, training={"optimizer": label.lower(), "learning_rate": rate})
    for label, rate in (
        ("Adam", 0.01),
        ("Nadam", 0.01),
        ("RMSprop", 0.01),
        ("SGD", 0.1),
        ("Adagrad", 0.1),
        ("Adadelta", 1.0),
    )
)
# What keeps a network from learning by heart shows only after a while.
_LONGER = Size(epochs=15)
_AUGMENTATION = {"rotation": 8, "shift": 0.02, "zoom": 0.08, "shear": 0.1}

EXPERIMENTS = {
    experiment.name: experiment
    for experiment in (
        Experiment(
            name="kernel_size",
            title="Kernel size",
            factor="side of the kernel, in pixels",
            question="How large should the window of a convolution be?",
            published="Of 3, 5 and 7 pixels, the tuned network keeps 3.",
            published_best="3",
            points=_networks("kernel_size", (3, 5, 7)),
        ),
        Experiment(
            name="learning_rate",
            title="Learning-rate range test",
            factor="optimizer",
            question="At which learning rates does each optimizer learn?",
            published="The best rates read off the curves: 0.01 for Adam, Nadam and RMSprop, 0.1 "
            "for SGD and Adagrad, 1 for Adadelta.",
            published_best=None,
            points=_OPTIMIZERS,
            measure="val_loss",
            kind="range_test",
            is_ordered=False,
            remark="The rate rises from 0.000001 to 100 within one run of 200 steps; the loss is "
            "that of each step's own digits.",
        ),
        Experiment(
            name="optimizer",
            title="Optimizers at their best rates",
            factor="optimizer",
            question="Which optimizer learns best, each at the rate that suits it?",
            published="The tuned network is trained with Adam at 0.01.",
            published_best="Adam",
            points=_OPTIMIZERS,
            is_ordered=False,
        ),
        Experiment(
            name="loss",
            title="Loss",
            factor="loss",
            question="Does it matter which loss is minimised?",
            published="Three losses were compared; which was found best is not on record here.",
            published_best=None,
            points=(
                Point("categorical", training={"loss": "categorical_crossentropy"}),
                Point("sparse categorical", training={"loss": "sparse_categorical_crossentropy"}),
                Point("Kullback-Leibler", training={"loss": "kl_divergence"}),
            ),
            is_ordered=False,
            remark="With one right class for each digit the three are the same function of the "
            "answer; only rounding tells them apart.",
        ),
        Experiment(
            name="batch_size",
            title="Batch size",
            factor="digits a step",
            question="How many digits should each step look at?",
            published="Of the powers of two up to 512, 256 was chosen.",
            published_best="256",
            points=_trainings("batch_size", (16, 32, 64, 128, 256, 512)),
            remark="All points see the same digits as often, so small batches take more steps; "
            "the rate is the same for all.",
        ),
        Experiment(
            name="pooling",
            title="Pooling",
            factor="pooling",
            question="Should a pooling keep the largest value or the mean?",
            published="The tuned network keeps the largest.",
            published_best="max",
            points=_networks("pooling", ("max", "average")),
            is_ordered=False,
        ),
        Experiment(
            name="pairs",
            title="Pairs of convolution and pooling",
            factor="pairs",
            question="How many pairs of convolution and pooling are enough?",
            published="Two pairs are best, in validation accuracy and in validation loss (0.117, "
            "0.072 and 0.086).",
            published_best="2",
            published_values=(0.9818, 0.9862, 0.9812),
            points=_networks("pairs", (1, 2, 3)),
        ),
        Experiment(
            name="dense_layers",
            title="Dense layers",
            factor="dense layers before the last",
            question="How many dense layers should follow the convolutions?",
            published="One is best.",
            published_best="1",
            points=_networks("dense_layers", (1, 2, 3, 4)),
        ),
        Experiment(
            name="dense_units",
            title="Dense units",
            factor="units of the dense layer",
            question="How many units should the dense layer have?",
            published="128 are best.",
            published_best="128",
            points=_networks("dense_units", (32, 64, 128, 256, 512)),
        ),
        Experiment(
            name="dropout",
            title="Dropout with batch normalisation",
            factor="share of the values dropped",
            question="How much should be dropped while learning?",
            published="A fifth is best.",
            published_best="0.2",
            points=_networks("dropout", (0.0, 0.1, 0.2, 0.3, 0.4, 0.5), batch_norm=True),
            size=_LONGER,
            remark="More epochs than elsewhere, since dropout slows learning down before it helps.",
        ),
        Experiment(
            name="leaky_slope",
            title="Leaky ReLU",
            factor="slope below 0",
            question="Should a unit let a little of what is below 0 through?",
            published="Of the slopes from 0.05 to 0.1, 0.08 is best.",
            published_best="0.08",
            points=_networks("leaky_slope", (0.0, 0.05, 0.06, 0.08, 0.1)),
        ),
        Experiment(
            name="augmentation",
            title="Augmentation",
            factor="augmentation",
            question="Do slightly turned, slanted, shifted and zoomed digits keep the network from "
            "learning by heart?",
            published="Without it the network overfits: the training loss goes on falling while "
            "the validation loss does not.",
            published_best="on",
            points=(
                Point("off"),
                Point("on", training={"augmentation": _AUGMENTATION}),
            ),
            measure="val_loss",
            is_ordered=False,
            size=_LONGER,
            remark="Rotation by up to 8 degrees, width and height shifted by 0.02, zoom by 0.08, "
            "shear by 0.1 degrees; more epochs than elsewhere, since overfitting takes time.",
        ),
        Experiment(
            name="l2",
            title="L2 regularisation",
            factor="L2 penalty",
            question="What does a penalty on the squares of the weights do?",
            published="The weights shrink towards 0, the accuracy holds, the loss is higher.",
            published_best="off",
            points=(Point("off"), Point("on", network={"l2": 1e-3})),
            measure="val_loss",
            builder="strided",
            is_ordered=False,
            keeps_weights=True,
            size=_LONGER,
            remark="Keras counts the penalty, here 0.001 times the sum of squares, as part of the "
            "loss.",
        ),
        Experiment(
            name="stride",
            title="Stride",
            factor="stride of both convolutions, in pixels",
            question="What is lost if the convolutions take larger steps?",
            published="With 4 instead of 2 the error rises, and the training is slightly faster.",
            published_best="2",
            points=_networks("stride", (2, 4)),
            builder="strided",
            keeps_weights=True,
        ),
        Experiment(
            name="num_filters",
            title="Number of filters",
            factor="filters of both convolutions",
            question="What is lost with a quarter of the filters?",
            published="With 8 filters instead of 32 the error rises, and the training is faster.",
            published_best="32",
            points=_networks("filters", (8, 32)),
            builder="strided",
            keeps_weights=True,
        ),
        Experiment(
            name="filters",
            title="Filters of the two convolutions",
            factor="filters of the first and second convolution",
            question="How many filters should the convolutions have?",
            published="64 and then 128 are best.",
            published_best="64-128",
            points=tuple(
                Point(f"{first}-{2 * first}", network={"filters": first})
                for first in (8, 16, 32, 64, 128, 256)
            ),
            size=Size(images=3_000, epochs=4, precision="mixed_bfloat16"),
            remark="Smaller than the others, and computed in bfloat16: the largest of these "
            "networks costs 60 times the one with 32 and 64 filters.",
        ),
    )
}
