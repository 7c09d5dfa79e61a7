"""What one run of an experiment does: build a network, train it or raise its rate, and record."""

from __future__ import annotations

import dataclasses
import hashlib
import inspect
import json
import time
from collections.abc import Callable
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from cnn_core import activations, datasets, training
from cnn_core.augmentation import Augmentation
from cnn_core.datasets import Split
from cnn_core.models import TrainingConfig
from cnn_core.models.digits import strided
from cnn_core.studies.experiments.table import Experiment, Point
from cnn_core.studies.jobs import Job

if TYPE_CHECKING:
    import keras

BASE_TRAINING = {"learning_rate": 1e-3, "batch_size": 128}
LOWEST_RATE, HIGHEST_RATE, RANGE_STEPS = 1e-6, 1e2, 200
# The same for every network, so that histograms can be laid over each other.
WEIGHT_LIMIT, WEIGHT_BINS = 0.4, 80
_DIGITS = 6  # significant ones that a result keeps


def build_cnn(
    *,
    kernel_size: int = 3,
    pooling: str = "max",
    pairs: int = 2,
    filters: int = 32,
    dense_layers: int = 1,
    dense_units: int = 128,
    dropout: float = 0.0,
    batch_norm: bool = False,
    leaky_slope: float = 0.0,
) -> keras.Model:
    """Build the digit-recognition report's network as it was before it was tuned.

    Args:
        kernel_size: Side of each kernel in pixels.
        pooling: "max" or "average".
        pairs: Convolutions, each with a pooling after it.
        filters: Filters of the first convolution; each next one has twice as many.
        dense_layers: Between the convolutions and the logits.
        dense_units: Dense units of each dense layer.
        dropout: Share dropped after each pooling and dense layer.
        batch_norm: Normalise before and after each dense layer, as the tuned network does.
        leaky_slope: Leaky slope of the convolutions' ReLU below 0.
    """
    from keras import Input, Model, layers

    pool = {"max": layers.MaxPooling2D, "average": layers.AveragePooling2D}[pooling]
    inputs = x = Input((28, 28, 1), name="image")
    for i in range(pairs):
        x = layers.Conv2D(filters * 2**i, kernel_size, name=f"conv{i + 1}")(x)
        x = layers.ReLU(negative_slope=leaky_slope, name=f"relu{i + 1}")(x)
        x = pool(2, name=f"pool{i + 1}")(x)
        x = layers.Dropout(dropout, name=f"dropout{i + 1}")(x) if dropout else x
    x = layers.Flatten(name="flatten")(x)
    x = layers.BatchNormalization(name="norm")(x) if batch_norm else x
    for i in range(dense_layers):
        x = layers.Dense(dense_units, name=f"dense{i + 1}")(x)
        x = layers.BatchNormalization(name=f"dense_norm{i + 1}")(x) if batch_norm else x
        x = layers.ReLU(name=f"dense_relu{i + 1}")(x)
        x = layers.Dropout(dropout, name=f"dense_dropout{i + 1}")(x) if dropout else x
    return Model(inputs, layers.Dense(10, name="logits")(x), name="cnn")


def build_strided(*, filters: int = 32, stride: int = 2, l2: float = 0.0) -> keras.Model:
    """Build the homework report's network; the arguments are those of models.digits.strided."""
    return strided("strided", filters=filters, stride=stride, l2=l2)


BUILDERS: dict[str, Callable[..., keras.Model]] = {"cnn": build_cnn, "strided": build_strided}


def job(experiment: Experiment, point: Point, seed: int) -> Job:
    """Return the work of one point with one seed; equal points of two experiments share it.

    Args:
        experiment: A row of EXPERIMENTS.
        point: Point of the experiment.
        seed: Seed of the digits, the weights, the shuffles, the augmentation and the dropout.
    """
    size = experiment.size
    parameters = inspect.signature(BUILDERS[experiment.builder]).parameters
    recipe = {
        **BASE_TRAINING,
        **point.training,
        "epochs": size.epochs,
        "validation_images": size.validation_images,
    }
    arguments: dict[str, Any] = {
        "builder": experiment.builder,
        "network": {name: each.default for name, each in parameters.items()} | dict(point.network),
        "recipe": dataclasses.asdict(TrainingConfig(**recipe)),
        "num_images": size.images,
        "precision": size.precision,
        "seed": seed,
    }
    if experiment.kind == "training":
        arguments["keeps_weights"] = experiment.keeps_weights
    digest = hashlib.sha256(json.dumps(arguments, sort_keys=True).encode()).hexdigest()[:12]
    functions: dict[str, Callable[..., dict[str, Any]]] = {
        "training": train_point,
        "range_test": raise_rate,
    }
    return Job(f"{experiment.kind}-{digest}-seed{seed}", functions[experiment.kind], arguments)


def train_point(
    *,
    builder: str,
    network: dict[str, Any],
    recipe: dict[str, Any],
    num_images: int,
    precision: str,
    seed: int,
    keeps_weights: bool,
) -> dict[str, Any]:
    """Train one network and give its history.

    Args:
        builder: A key of BUILDERS.
        network: The arguments of the builder.
        recipe: The fields of TrainingConfig.
        num_images: Training digits to learn from.
        precision: The dtype policy of Keras.
        seed: Seed of everything that is random.
        keeps_weights: True if the trained weights are counted, for histograms.

    Returns:
        seconds; history, a list for each of loss, accuracy, val_loss and val_accuracy; if wanted,
        weights: for each kernel by its layer's name, counts between -WEIGHT_LIMIT and
        WEIGHT_LIMIT, what is beyond counted in the outer bins.
    """
    config = _config(recipe)
    split = training_digits(num_images + config.validation_images, seed)
    model = _build(builder, network, precision, seed)
    progress = training.train(model, split, config, seed=seed)
    result: dict[str, Any] = {
        "seconds": round(progress.seconds, 2),
        "history": {name: _rounded(values) for name, values in progress.history.items()},
    }
    if keeps_weights:
        result["weights"] = {
            each.layer: count_weights(each.values).tolist()
            for each in activations.weight_statistics(model)
            if each.kind == "kernel"
        }
    return result


def raise_rate(
    *,
    builder: str,
    network: dict[str, Any],
    recipe: dict[str, Any],
    num_images: int,
    precision: str,
    seed: int,
) -> dict[str, Any]:
    """Run a learning-rate range test: raise the rate exponentially and watch the loss.

    Reference: Leslie N. Smith, "Cyclical Learning Rates for Training Neural Networks", 2017,
    https://arxiv.org/abs/1506.01186

    The run ends early once the loss is no longer finite. The arguments are those of train_point.

    Returns:
        seconds; history with rate and loss, a value for each step.
    """
    started = time.monotonic()
    config, split = _config(recipe), training_digits(num_images, seed)
    model = _build(builder, network, precision, seed)
    _compile(model, config)
    rates = np.geomspace(LOWEST_RATE, HIGHEST_RATE, RANGE_STEPS)
    random = np.random.default_rng(seed)
    losses: list[float] = []
    for rate in rates:
        chosen = random.choice(num_images, config.batch_size, replace=False)
        model.optimizer.learning_rate.assign(rate)
        model.reset_metrics()  # else the loss is the mean over all steps so far
        logs = model.train_on_batch(split.images[chosen], split.labels[chosen], return_dict=True)
        if not np.isfinite(logs["loss"]):
            break
        losses.append(float(logs["loss"]))
    history = {"rate": _rounded(rates[: len(losses)]), "loss": _rounded(losses)}
    return {"seconds": round(time.monotonic() - started, 2), "history": history}


def count_weights(values: np.ndarray) -> np.ndarray:
    """Counts (WEIGHT_BINS,) of weights from -WEIGHT_LIMIT to WEIGHT_LIMIT; the rest at the ends."""
    inside = np.clip(values, -WEIGHT_LIMIT, WEIGHT_LIMIT)
    return np.histogram(inside, bins=WEIGHT_BINS, range=(-WEIGHT_LIMIT, WEIGHT_LIMIT))[0]


def training_digits(count: int, seed: int) -> Split:
    """Draw digits from MNIST's training set, without repetition.

    Args:
        count: Digits to draw.
        seed: Seed of the draw.
    """
    pool = _all_digits()
    chosen = np.random.default_rng(seed).permutation(len(pool.images))[:count]
    return Split(pool.images[chosen], pool.labels[chosen])


@lru_cache(maxsize=1)
def _all_digits() -> Split:
    return datasets.load("mnist", split="train")


def _config(recipe: dict[str, Any]) -> TrainingConfig:
    how = recipe["augmentation"]
    return TrainingConfig(**{**recipe, "augmentation": how and Augmentation(**how)})


def _compile(model: keras.Model, config: TrainingConfig) -> None:
    import keras

    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(optimizer=config.optimizer, loss=loss)


def _build(builder: str, network: dict[str, Any], precision: str, seed: int) -> keras.Model:
    import keras

    before = keras.mixed_precision.dtype_policy()
    keras.mixed_precision.set_dtype_policy(precision)
    try:
        keras.utils.set_random_seed(seed)
        return BUILDERS[builder](**network)
    finally:
        keras.mixed_precision.set_dtype_policy(before)


def _rounded(values: Any) -> list[float]:
    return [float(f"{value:.{_DIGITS}g}") for value in values]
